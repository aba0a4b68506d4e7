// Tests that would never run: not registered, not named so that the Makefile finds them, a fuzz
// target without seeds or seeds without a target.
import { basename } from 'node:path';
import { files, finding, finish, lineAt, read, withoutComments } from './lib.mjs';

const units = files('tests/unit/*.c');
let count = 0;
for (const file of units) {
	const text = withoutComments(read(file));
	if (!basename(file).startsWith('test_')) finding(file, 1, 'is not named test_*.c, so it is not built as a test');
	for (const hit of text.matchAll(/^static void (test_\w+)\(void \*\*\s*\w*\)\s*\{/gm)) {
		count++;
		if (text.match(new RegExp(`\\b${hit[1]}\\b`, 'g')).length < 2)
			finding(file, lineAt(text, hit.index), `${hit[1]} stands in no list of tests`);
	}
}

// The sanitizers' builds run all but what is called plain_: a test elsewhere that asks for another build would never run.
for (const file of files('tests/contract/*.test.mjs'))
	if (!basename(file).startsWith('plain_') && /TEST_FLAVOUR|faketime/.test(read(file)))
		finding(file, 1, 'needs a build without sanitizers, so it is to be called plain_*.test.mjs');

// A busy machine answers as late as it likes: what is to be quick is claimed as tests/lib/time.mjs shows. And a port that is asked
// of the system and let go again is soon somebody else's: tests/lib/ports.mjs keeps it.
const onIdleMachineOnly = [
	/assert\.\w+\(\s*(?:Date|performance)\.now\(\) - \w+ </g,
	/\.listen\(0\b[\s\S]{0,300}?\bport\b[\s\S]{0,150}?\.close\([\s\S]{0,200}?\bport\b/g,
];
for (const file of files('tests/contract/*.mjs', 'tests/chaos/*.mjs', 'tests/e2e/*.mjs')) {
	const text = read(file);
	for (const hit of onIdleMachineOnly.flatMap((pattern) => [...text.matchAll(pattern)]))
		finding(file, lineAt(text, hit.index), 'is true on an idle machine only: see tests/lib/time.mjs and ports.mjs');
}

const targets = files('tests/fuzz/fuzz_*.c').map((file) => basename(file).slice(5, -2));
const seeds = files('tests/fuzz/seeds/*');
const seeded = new Set(seeds.map((file) => file.split('/')[3]));
for (const name of targets) {
	if (!seeded.has(name)) finding(`tests/fuzz/fuzz_${name}.c`, 1, `has no seeds in tests/fuzz/seeds/${name}/`);
}
for (const name of seeded) {
	if (!targets.includes(name)) finding(`tests/fuzz/seeds/${name}`, 0, 'no target reads these seeds');
}
finish(
	`${count} functions in ${units.length} programs, ${targets.length} fuzz targets with ` + `${seeds.length} seeds`,
);
