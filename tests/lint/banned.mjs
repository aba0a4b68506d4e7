// Functions that CONTRIBUTING.md bans; of these the ones that write without a bound also in tests.
import { files, finding, finish, lineAt, read, withoutText } from './lib.mjs';

const banned =
	read('CONTRIBUTING.md')
		.match(/^Banned: `([a-z ]+)`/m)?.[1]
		.split(' ') ?? [];
const unbounded = banned.filter((name) => /^(str|v?sprintf|gets)/.test(name));

function search(names, ...patterns) {
	const call = new RegExp(`(?<![\\w.>])(${names.join('|')})\\s*\\(`, 'g');
	const list = files(...patterns);
	for (const file of list) {
		const text = withoutText(read(file));
		for (const hit of text.matchAll(call))
			finding(file, lineAt(text, hit.index), `${hit[1]} is banned (CONTRIBUTING.md)`);
	}
	return list.length;
}

// Jansson's own, which leave out what memory was refused for (postern/json.h).
const lossy =
	'loads loadb loadf load_callback dumps dumpf dump_callback array_append array_append_new array_insert ' +
	'array_insert_new array_extend object_set object_set_new object_update object_del array_set array_set_new';

function searchLossy() {
	const call = new RegExp(`\\bjson_(${lossy.replaceAll(' ', '|')})\\s*\\(`, 'g');
	for (const file of files('src/*.c', 'src/*.h').filter((name) => name !== 'src/text/json.c')) {
		const text = withoutText(read(file));
		for (const hit of text.matchAll(call))
			finding(
				file,
				lineAt(text, hit.index),
				`json_${hit[1]} goes on without what memory was refused for; ` +
					'use text_json_parse, _put, _append or _write (postern/json.h)',
			);
	}
}

if (banned.length === 0) finding('CONTRIBUTING.md', 1, 'the line "Banned: `…`" is not there');
else {
	searchLossy();
	const n = search(banned, 'src/*.c', 'src/*.h', 'include/*.h') + search(unbounded, 'tests/*.c', 'tests/*.h');
	finish(`${banned.length} names, ${n} files`);
}
finish('');
