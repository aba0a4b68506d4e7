// What clang-format and clang-tidy cannot tell of the one style of C: no conditional operator in a
// branch of another one, no ladder of `if (!e)`, no cast that takes const away without a reason,
// no braces around one statement, no blank line behind the declarations that open a block.
//     node tests/lint/style.mjs --fix      mends braces and blank lines (make fmt)
import { writeFileSync } from 'node:fs';
import { files, finding, finish, lineAt, read, withoutText } from './lib.mjs';

const LADDER_MOST = 4; // steps in a row that ask whether all is well so far

// A branch that decides again, written straight or in parentheses that call nothing. A macro may: it
// has no statements.
function nestedConditionals(file, text) {
	const c = text.replace(/^[ \t]*#(?:.*\\\n)*.*$/gm, (s) => s.replace(/[^\n]/g, ' '));
	const levels = [0]; // conditional operators under way in the expression of each parenthesis
	for (const { 0: token, index } of c.matchAll(/[A-Za-z_]\w*\s*\(|[?(){}[\];,]/g)) {
		if (token === '?') {
			if (levels.at(-1) > 0)
				finding(file, lineAt(c, index), 'a conditional operator inside another one: use if or a function');
			levels[levels.length - 1]++;
		} else if (token === '(') {
			levels.push(levels.at(-1)); // a grouping belongs to the expression around it
		} else if (token.endsWith('(') || token === '[' || token === '{') {
			levels.push(0);
		} else if (token === ')' || token === ']' || token === '}') {
			if (levels.length > 1) levels.pop();
		} else {
			levels[levels.length - 1] = 0;
		}
	}
}

const indentOf = (line) => line.match(/^\t*/)[0].length;
const opens = /^\t*(\} else |else )?(if|for|while) \(.*\) \{$|^\t*(\} )?else \{$|^\t*do \{$/;

// The body of a block: its statements at one level below, and the line of the closing brace.
function bodyOf(lines, at) {
	const indent = indentOf(lines[at]);
	let end = at + 1;
	while (end < lines.length && !(indentOf(lines[end]) === indent && lines[end].trim().startsWith('}'))) end++;
	return { end, body: lines.slice(at + 1, end) };
}

// One statement without a block or a comment of its own, over however many lines.
function isSimple(body) {
	const text = body.join('\n').trim();
	return (
		body.length > 0 &&
		body.every((line) => line.trim()) &&
		!/^(if|for|while|do|switch|case|default|static|_Static_assert)\b/.test(text) &&
		!/^\t*\w+:$/m.test(text) &&
		(text.match(/;/g) ?? []).length === 1 &&
		text.endsWith(';')
	);
}

// Chains of if and else whose branches are all simple, and loops around one statement: the first line
// and the last one of each branch.
function needlessBraces(lines) {
	const found = [];
	for (let at = 0; at < lines.length; at++) {
		if (!opens.test(lines[at]) || /^\t*(\} )?else/.test(lines[at])) continue;
		const branches = [];
		for (let head = at; opens.test(lines[head] ?? ''); ) {
			const { end, body } = bodyOf(lines, head);
			branches.push({ head, end, simple: isSimple(body) });
			head = /\} else/.test(lines[end] ?? '') ? end : lines.length;
		}
		if (branches.every((branch) => branch.simple)) found.push(branches);
	}
	return found;
}

const word = '(?!(?:return|goto|else|case|break|continue|do|delete|sizeof)\\b)[A-Za-z_]\\w*';
const declaration = new RegExp(
	`^\\t+(?:(?:static|const|volatile|_Thread_local|_Alignas\\([^)]*\\)) )*(?:(?:struct|enum|union) )?${word}` +
		`(?: (?:const|int|long|char|short))* (?:\\*|const )*\\(?\\**\\w+\\)?(?:\\[[^\\]]*\\])*(?:\\([^)]*\\))?(?: =|;|,)`,
);

// The blank lines behind the declarations that open a block.
function blankLines(lines, raw) {
	const found = [];
	for (let at = 0; at < lines.length; at++) {
		if (!/\{$/.test(lines[at]) || !(lines[at] === '{' || opens.test(lines[at]))) continue;
		let behind = at;
		for (let next = at + 1; declaration.test(lines[next] ?? ''); next++) {
			if (raw[next - 1] === '') found.push(next - 1);
			while (next < lines.length && !lines[next].trimEnd().endsWith(';')) next++;
			behind = next + 1;
			if (raw[behind] === '' && declaration.test(lines[behind + 1] ?? '')) next++;
		}
		if (behind > at && raw[behind] === '') found.push(behind);
	}
	return found;
}

// A cast that takes const away is one through uintptr_t, and says beside or above it why it must be.
function constCasts(file, raw, lines) {
	lines.forEach((line, i) => {
		if (
			/\*\s*\)\s*\(uintptr_t\)/.test(line) &&
			![raw[i], raw[i - 1], raw[i - 2], raw[i - 3]].some((l) => /\*\//.test(l ?? ''))
		)
			finding(file, i + 1, 'a cast that takes const away: do without, or say beside it why it must be');
	});
}

// Steps that each ask whether all is well so far: return early, or put the steps into a table.
function ladders(file, lines) {
	const step = /^\t+if \((!e|e == ERR_OK)( &&.*)?\)( \{)?$/;
	for (let at = 0; at < lines.length; at++) {
		let steps = 0;
		let next = at;
		while (step.test(lines[next] ?? '')) {
			steps++;
			next = lines[next].endsWith('{')
				? bodyOf(lines, next).end
				: lines.findIndex((l, i) => i > next && l.endsWith(';'));
			next++;
		}
		if (steps > LADDER_MOST)
			finding(file, at + 1, `${steps} times in a row "if (!e)", where ${LADDER_MOST} are the most: return early`);
		at = Math.max(at, next - 1);
	}
}

function mend(file, raw, lines) {
	const dropped = new Set(blankLines(lines, raw));
	for (const { head, end } of needlessBraces(lines).flat()) {
		raw[head] = raw[head].replace(/ \{$/, '');
		if (/\} else/.test(raw[end])) raw[end] = raw[end].replace('} else', 'else');
		else dropped.add(end);
	}
	if (dropped.size) writeFileSync(file, raw.filter((_, i) => !dropped.has(i)).join('\n'));
}

function check(file, raw, lines) {
	for (const branches of needlessBraces(lines))
		finding(file, branches[0].head + 1, 'braces around one statement: run make fmt');
	for (const at of blankLines(lines, raw))
		finding(file, at + 1, 'a blank line behind the declarations that open a block: run make fmt');
	nestedConditionals(file, lines.join('\n'));
	constCasts(file, raw, lines);
	ladders(file, lines);
}

const sources = files('src/*.c', 'src/*.h', 'include/*.h', 'tools/*.c', 'tools/*.h');
for (const file of sources) {
	const raw = read(file).split('\n');
	const lines = withoutText(raw.join('\n')).split('\n');
	if (process.argv[2] === '--fix') mend(file, raw, lines);
	else check(file, raw, lines);
}
finish(`${sources.length} files in one style`);
