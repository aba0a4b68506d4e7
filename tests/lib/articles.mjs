// Articles with words that can be looked for: what an anonymous reader may see says "shown-…", what he may not says "kept-…".
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

function crcTable() {
	return Array.from({ length: 256 }, (_, n) => {
		let c = n;
		for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
		return c >>> 0;
	});
}
const table = crcTable();

function chunk(type, data) {
	const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
	let crc = 0xffffffff;
	for (const byte of body) crc = table[(crc ^ byte) & 0xff] ^ (crc >>> 8);
	const out = Buffer.alloc(8);
	out.writeUInt32BE(data.length, 0);
	out.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 4);
	return Buffer.concat([out.subarray(0, 4), body, out.subarray(4)]);
}

// A grey picture; `seed` makes its bytes differ from those of others.
export function png(seed, side = 24) {
	const head = Buffer.alloc(13);
	head.writeUInt32BE(side, 0);
	head.writeUInt32BE(side, 4);
	head[8] = 8;
	const rows = Buffer.alloc(side * (side + 1), seed);
	for (let y = 0; y < side; y++) rows[y * (side + 1)] = 0;
	return Buffer.concat([
		Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
		chunk('IHDR', head),
		chunk('IDAT', zlib.deflateSync(rows)),
		chunk('IEND', Buffer.alloc(0)),
	]);
}

const filler = 'One two three four five six seven eight nine ten eleven twelve.';

export function markdown(a) {
	const front = {
		slug: a.slug,
		headline: a.headline ?? `Headline of ${a.slug}`,
		dek: `Summary of ${a.slug}`,
		byline: 'Mara Lindqvist',
		section: a.section ?? 'City',
		tags: a.tags ?? 'harbour, "Arts, Culture"',
		access: a.access,
		published: a.published ?? '2025-03-01T06:00:00Z',
		...a.front,
	};
	const lines = Object.entries(front).map(([k, v]) => `${k}: ${v}`);
	if (a.pictures)
		lines.push(
			'images:',
			...a.pictures.flatMap((p) => [`  - file: ${p}`, `    alt: Picture ${p}`, '    credit: Ida Brandt']),
		);
	const kept = Array.from({ length: (a.paragraphs ?? 4) - 1 }, (_, i) => `kept-${a.slug}-${i + 2} ${filler}`);
	if (a.pictures?.[1]) kept.splice(1, 0, `![Picture ${a.pictures[1]}](${a.pictures[1]})`);
	return `---\n${lines.join('\n')}\n---\nshown-${a.slug} ${filler}\n\n${kept.join('\n\n')}\n`;
}

export const shelf = [
	{ slug: 'open-door', access: 'public', pictures: ['door.png'] },
	{ slug: 'members-room', access: 'registered', section: 'Culture' },
	{ slug: 'vault', access: 'subscriber', pictures: ['lead.png', 'inside.png'] },
	{ slug: 'next-year', access: 'public', front: { embargo: '2100-01-01T00:00:00Z' }, pictures: ['secret.png'] },
	{ slug: 'not-yet', access: 'public', published: '2100-01-01T00:00:00Z' },
	{ slug: 'last-year', access: 'public', front: { expires: '2025-06-01T00:00:00Z' }, pictures: ['stale.png'] },
	{ slug: 'held-back', access: 'public', front: { status: 'withheld' } },
	{ slug: 'called-off', access: 'public', front: { status: 'canceled' } },
];
export const hidden = ['next-year', 'not-yet', 'last-year', 'held-back', 'called-off'];

// One block of every word a number, so that what an answer holds of it can be counted; the dek and the caption repeat its end.
const countedWords = (slug, n) => Array.from({ length: n }, (_, i) => `c0unt-${slug}-${1000 + i}`);
const shapes = {
	list: (w) =>
		chunks(w)
			.map((c) => `- ${c}`)
			.join('\n'),
	quote: (w) =>
		chunks(w)
			.map((c) => `> ${c}`)
			.join('\n>\n'),
	table: (w) =>
		`| a |\n|---|\n${chunks(w)
			.map((c) => `| ${c} |`)
			.join('\n')}`,
	listing: (w) => `\`\`\`\n${chunks(w).join('\n')}\n\`\`\``,
	verse: (w) => chunks(w).join('  \n'),
	paragraph: (w) => w.join(' '),
};
const chunks = (w) => Array.from({ length: Math.ceil(w.length / 8) }, (_, i) => w.slice(8 * i, 8 * i + 8).join(' '));
export function counted(slug, shape, access) {
	const words = countedWords(slug, 200),
		end = words.slice(-12).join(' ');
	return (
		`---\nslug: ${slug}\nheadline: Headline of ${slug}\ndek: ${end}\nsection: City\naccess: ${access}\npublished: 2025-03-01T06:00:00Z\n` +
		`images:\n  - file: ${slug}.png\n    caption: ${end}\n    alt: ${end}\n---\n${shapes[shape](words)}\n`
	);
}

export function writeArticles(dir, articles) {
	mkdirSync(dir, { recursive: true });
	for (const a of articles) {
		writeFileSync(path.join(dir, `${a.slug}.md`), markdown(a));
		for (const p of a.pictures ?? []) writeFileSync(path.join(dir, p), png(p.charCodeAt(0)));
	}
	return dir;
}

export function importArticles(server, articles = shelf) {
	return server.cliOk('article', 'import', writeArticles(path.join(server.dir, 'articles'), articles));
}

export const addressesIn = (html, prefix) => [
	...new Set([...html.matchAll(new RegExp(`(?:src|href|content)="[^"]*?(${prefix}[^"]*)"`, 'g'))].map((m) => m[1])),
];
