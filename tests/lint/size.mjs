// Functions and files that stay small, and the figures of the house beside its aims.
import { files, finding, finish, read, withoutComments } from './lib.mjs';

const FUNCTION_MAX = 80,
	FILE_MAX = 500,
	DEEP = 5,
	DEEP_SHARE_MAX = 0.01;
// 'src/room/file.c' or 'src/room/file.c function': 'why it may be longer'
const allowed = {};

// The layout that clang-format enforces: a body stands between '{' and '}' in the first column, its
// head begins after the last blank line, '}' or ';' before it.
function functionsOf(lines) {
	const list = [];
	lines.forEach((text, open) => {
		if (text !== '{') return;
		let start = open;
		while (start > 0 && /\S/.test(lines[start - 1]) && !/^[}#]|;$/.test(lines[start - 1])) start--;
		const end = lines.indexOf('}', open);
		const name =
			lines
				.slice(start, open)
				.join(' ')
				.match(/(\w+)\s*\(/)?.[1] ?? '?';
		list.push({ name, line: start + 1, length: end - start + 1 });
	});
	return list;
}

// A line that goes on with a statement is set further in by the formatter, not by nesting.
const goesOn = (before) => /\S/.test(before) && !/[;{}:]\s*$|^\s*#/.test(before);

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
const lengths = [];
let code = 0,
	deep = 0,
	written = 0,
	comment = 0,
	sourceLines = 0;

const sources = files('src/*.c', 'src/*.h', 'include/*.h');
const tests = files('tests/*.c', 'tests/*.h', 'tests/*.sh', 'tests/*.mjs').filter(
	(file) => !file.startsWith('tests/lint/'),
);

for (const file of sources) {
	const whole = read(file),
		all = whole.split('\n').slice(0, -1);
	const bare = withoutComments(whole).split('\n').slice(0, -1);
	if (all.length > FILE_MAX && !allowed[file])
		finding(file, FILE_MAX + 1, `${all.length} lines: split it (at most ${FILE_MAX})`);
	for (const f of functionsOf(bare)) {
		lengths.push(f.length);
		if (f.length > FUNCTION_MAX && !allowed[`${file} ${f.name}`])
			finding(file, f.line, `${f.name} has ${f.length} lines (at most ${FUNCTION_MAX})`);
	}
	let before = '';
	bare.forEach((text, i) => {
		if (/\S/.test(text)) {
			code++;
			if (/^\t{5}/.test(text) && !goesOn(before)) deep++;
			before = text;
		}
		if (/\S/.test(all[i])) written++;
		if (text !== all[i]) comment++;
	});
	sourceLines += all.length;
}
for (const file of files('tests/*.c', 'tests/*.h')) {
	const lines = read(file).split('\n').length - 1;
	if (lines > FILE_MAX && !allowed[file])
		finding(file, FILE_MAX + 1, `${lines} lines: split it (at most ${FILE_MAX})`);
}

lengths.sort((a, b) => a - b);
const testLines = tests.reduce((n, file) => n + read(file).split('\n').length - 1, 0);
const percent = (part, of) => `${((100 * part) / of).toFixed(1)} %`;
const report =
	`functions median ${quantile(lengths, 0.5)}, p90 ${quantile(lengths, 0.9)}, ` +
	`longest ${lengths.at(-1)} lines; ${percent(deep, code)} of lines at ${DEEP} indents or more; ` +
	`${percent(comment, written)} of lines with a comment; tests to source ${(testLines / sourceLines).toFixed(2)}`;
if (deep > DEEP_SHARE_MAX * code)
	finding('src', 0, `${deep} of ${code} lines stand at ${DEEP} indents or more (at most 1 %)`);
finish(report);
