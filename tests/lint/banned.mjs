// Functions that CONTRIBUTING.md bans; of these the ones that write without a bound also in tests.
import { files, finding, finish, lineAt, read, withoutText } from './lib.mjs';

const banned = read('CONTRIBUTING.md').match(/^Banned: `([a-z ]+)`/m)?.[1].split(' ') ?? [];
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

if (banned.length === 0)
	finding('CONTRIBUTING.md', 1, 'the line "Banned: `…`" is not there');
else {
	const n = search(banned, 'src/*.c', 'src/*.h', 'include/*.h') +
		search(unbounded, 'tests/*.c', 'tests/*.h');
	finish(`${banned.length} names, ${n} files`);
}
finish('');
