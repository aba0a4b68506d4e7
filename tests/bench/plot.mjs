// Plots as plain SVG: horizontal bars, and lines over a logarithmic axis. Colours that hold on light and dark paper.
const INK = '#555',
	BAR = '#2b6cb0',
	PALE = '#a0aec0',
	MARK = '#c05621';
const esc = (s) => String(s).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
const text = (x, y, s, more = '') => `<text x="${x}" y="${y}" fill="${INK}" font-size="12" ${more}>${esc(s)}</text>`;
const frame = (
	width,
	height,
	title,
	body,
) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" role="img">
<title>${esc(title)}</title>
<rect width="${width}" height="${height}" fill="#fff"/>
${text(10, 22, title, 'font-weight="bold"')}
${body.join('\n')}
</svg>
`;

export const short = (n) =>
	n >= 1e6
		? `${+(n / 1e6).toFixed(1)} M`
		: n >= 1e4
			? `${Math.round(n / 1e3)} k`
			: n >= 100
				? String(Math.round(n))
				: String(+n.toFixed(1));

// rows: [{name, value, beside?, mark?}]: a bar, a pale one below it, and a line where it should reach.
export function bars(title, rows, unit) {
	const left = 330,
		width = 900,
		line = 40,
		top = 40,
		room = width - left - 80;
	const most = Math.max(...rows.flatMap((r) => [r.value, r.beside ?? 0, r.mark ?? 0]));
	const at = (v) => (v / most) * room;
	const body = rows.flatMap((r, i) => {
		const y = top + i * line;
		const out = [
			text(left - 8, y + 16, r.name, 'text-anchor="end"'),
			`<rect x="${left}" y="${y + 3}" width="${at(r.value).toFixed(1)}" height="14" fill="${BAR}"/>`,
			text(left + at(r.value) + 5, y + 15, `${short(r.value)} ${unit}`),
		];
		if (r.beside !== undefined)
			out.push(`<rect x="${left}" y="${y + 19}" width="${at(r.beside).toFixed(1)}" height="8" fill="${PALE}"/>`);
		if (r.mark !== undefined)
			out.push(
				`<line x1="${left + at(r.mark)}" x2="${left + at(r.mark)}" y1="${y}" y2="${y + 30}" stroke="${MARK}" stroke-width="2"/>`,
			);
		return out;
	});
	return frame(width, top + rows.length * line + 10, title, body);
}

// series: [{name, points: [[x, y], …]}] over a logarithmic x; y from 0.
export function lines(title, series, { x, y }) {
	const width = 900,
		height = 320,
		left = 70,
		right = 170,
		top = 40,
		bottom = 50;
	const xs = series.flatMap((s) => s.points.map((p) => Math.log10(p[0]))),
		most = Math.max(...series.flatMap((s) => s.points.map((p) => p[1]))) * 1.1;
	const low = Math.min(...xs),
		span = Math.max(...xs) - low || 1;
	const px = (v) => left + ((Math.log10(v) - low) / span) * (width - left - right),
		py = (v) => height - bottom - (v / most) * (height - top - bottom);
	const colours = [BAR, MARK, '#2f855a', '#6b46c1'],
		body = [];
	for (let i = 0; i <= 4; i++) {
		const v = (most * i) / 4;
		body.push(
			`<line x1="${left}" x2="${width - right}" y1="${py(v)}" y2="${py(v)}" stroke="#ddd"/>`,
			text(left - 8, py(v) + 4, short(v), 'text-anchor="end"'),
		);
	}
	for (const v of [...new Set(series.flatMap((s) => s.points.map((p) => p[0])))])
		body.push(text(px(v), height - bottom + 18, short(v), 'text-anchor="middle"'));
	body.push(text((left + width - right) / 2, height - 10, x, 'text-anchor="middle"'), text(left, top - 4, y));
	series.forEach((s, i) => {
		const path = s.points.map((p) => `${px(p[0]).toFixed(1)},${py(p[1]).toFixed(1)}`).join(' ');
		body.push(`<polyline points="${path}" fill="none" stroke="${colours[i]}" stroke-width="2"/>`);
		body.push(
			...s.points.map(
				(p) => `<circle cx="${px(p[0]).toFixed(1)}" cy="${py(p[1]).toFixed(1)}" r="3" fill="${colours[i]}"/>`,
			),
		);
		body.push(text(width - right + 8, py(s.points.at(-1)[1]) + 4, s.name));
	});
	return frame(width, height, title, body);
}
