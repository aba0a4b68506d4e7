// Every text file: no white space at the ends of lines, a last line that ends, and nothing that only
// this machine has: its paths, or the registry it was set up from.
import { readFileSync } from 'node:fs';
import { files, finding, finish, read } from './lib.mjs';

// Inputs of parsers are what they are; Markdown in the demo paper may break lines with two spaces.
const asIs = /^(tests\/fuzz\/seeds|tests\/data|web\/demo\/articles)\//;
const machine = /(?<![\w.~-])\/(?:root|work|tmp\/bash_jobs|home\/\w+)\//;
const registry = /registry\.(?:npmjs|yarnpkg)\.\w+|(?:artifactory|nexus|verdaccio)[\w.-]*\.\w+\//;

let checked = 0;
for (const file of files()) {
	const bytes = readFileSync(file);
	if (bytes.includes(0) || asIs.test(file)) continue;
	checked++;
	const lines = bytes.toString('utf8').split('\n');
	if (bytes.length && lines.at(-1) !== '') finding(file, lines.length, 'the last line does not end');
	lines.forEach((text, i) => {
		if (/[ \t\r]$/.test(text)) finding(file, i + 1, 'white space at the end of the line');
		if (machine.test(text)) finding(file, i + 1, `a path of one machine: ${text.match(machine)[0]}`);
		if (registry.test(text)) finding(file, i + 1, `the name of a package registry: ${text.match(registry)[0]}`);
	});
}

const lock = 'tests/package-lock.json';
read(lock)
	.split('\n')
	.forEach((text, i) => {
		if (/^\s*"resolved"/.test(text))
			finding(lock, i + 1, 'names where a package came from; tests/.npmrc should leave that out');
	});
finish(`${checked} text files`);
