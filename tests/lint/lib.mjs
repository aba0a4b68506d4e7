// What the checks share: the files of the tree, C without comments, and how findings are told.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';

const isFile = (path) => existsSync(path) && statSync(path).isFile();

// Also what is not added yet, so that it is seen before the commit.
export function files(...patterns) {
	const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...patterns];
	const names = execFileSync('git', args, { encoding: 'utf8', maxBuffer: 1 << 26 }).split('\0');
	return [...new Set(names)].filter((name) => name && isFile(name)).sort();
}

export const read = (path) => readFileSync(path, 'utf8');
export const lineAt = (text, index) => text.slice(0, index).split('\n').length;

// Comments, and on request what stands in quotes, become spaces: every line keeps its number.
const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'/g;
const blank = (s) => s.replace(/[^\n]/g, ' ');
export const withoutComments = (c) => c.replace(token, (s) => (s[0] === '/' ? blank(s) : s));
export const withoutText = (c) =>
	c.replace(token, (s) => (s[0] === '/' ? blank(s) : s[0] + blank(s.slice(1, -1)) + s[0]));

// "one " "string" as the compiler sees it.
export const joinStrings = (c) => c.replace(/"\s*\n\s*"/g, '');

// What the objects of the debug build say of their sources: [{ file, defines: [name], uses: [name] }], exported
// names alone. A file that is not built is a finding.
export function symbols(...patterns) {
	const objectOf = (file) => `build/debug/${file.replace(/\.c$/, '.o')}`;
	const built = files(...patterns).filter((file) => {
		if (!existsSync(objectOf(file))) finding(file, 1, `${objectOf(file)} is not there: build first`);
		return existsSync(objectOf(file));
	});
	const said = new Map(built.map((file) => [objectOf(file), { file, defines: [], uses: [] }]));
	const out = execFileSync('nm', ['-A', '-P', '-g', ...said.keys()], { encoding: 'utf8', maxBuffer: 1 << 26 });
	for (const [, object, name, kind] of out.matchAll(/^(\S+): (\S+) (\S)/gm))
		said.get(object)[kind === 'U' ? 'uses' : 'defines'].push(name);
	return [...said.values()];
}

const found = [];
export function finding(file, line, text) {
	found.push(`${file}:${line}: ${text}`);
}
export function finish(summary) {
	console.log(found.length ? found.join('\n') : summary);
	process.exit(found.length ? 1 : 0);
}
