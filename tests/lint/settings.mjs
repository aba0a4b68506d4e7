// docs/configure.md holds the table that the program prints: `postern config reference`.
// With --write it is put there.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { finding, finish, read } from './lib.mjs';

const DOC = 'docs/configure.md',
	BIN = 'build/debug/postern';
const BEGIN = '<!-- postern config reference: begin -->\n',
	END = '<!-- postern config reference: end -->\n';

const run = (...command) => spawnSync(command[0], command.slice(1), { encoding: 'utf8' });
const built = run('make', '-s', BIN);
const printed = built.status === 0 ? run(BIN, 'config', 'reference') : built;
const firstError = (printed.stderr ?? '').split('\n').find((line) => /error|\*\*\*/.test(line)) ?? '';
const text = read(DOC),
	begin = text.indexOf(BEGIN),
	end = text.indexOf(END);

if (printed.status !== 0) finding(DOC, 1, `cannot be checked: ${BIN} is not to be had: ${firstError}`);
else if (begin < 0 || end < begin) finding(DOC, 1, `the lines ${BEGIN.trim()} and ${END.trim()} must hold the table`);
else if (process.argv[2] === '--write')
	writeFileSync(DOC, text.slice(0, begin + BEGIN.length) + printed.stdout + text.slice(end));
else {
	const line = text.slice(0, begin).split('\n').length + 1;
	const have = text.slice(begin + BEGIN.length, end).split('\n');
	const want = printed.stdout.split('\n');
	const at = want.findIndex((row, i) => row !== have[i]);
	if (at >= 0 || have.length !== want.length)
		finding(
			DOC,
			line + Math.max(at, 0),
			'differs from `postern config reference`; run ' +
				'`node tests/lint/settings.mjs --write`. Expected:\n' +
				`\t${want[at] || '(the end of the table)'}`,
		);
}
finish('the table of docs/configure.md is what the program prints');
