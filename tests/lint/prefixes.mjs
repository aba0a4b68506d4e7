// An exported function or table bears the name of its room or of its folder, so that who reads the
// name knows where it stands. base and text have no name of their own in it: there it is the type or
// notion, as in a standard library.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { files, finding, finish } from './lib.mjs';

const nouns = {
	base: ['arena', 'buf', 'cache', 'clock', 'embed', 'err', 'file', 'hash', 'log', 'str', 'thread'],
	text: ['cookie', 'email', 'escape', 'fields', 'form', 'header', 'ip', 'query', 'text', 'time', 'url', 'utf8'],
	http: ['http', 'request', 'response'], // what a handler is given
};

function allowed(file) {
	const parts = file.split('/').slice(1, -1);
	return nouns[parts[0]] ?? parts;
}

let count = 0;
for (const file of files('src/*.c')) {
	const object = `build/debug/${file.replace(/\.c$/, '.o')}`;
	if (!existsSync(object)) {
		finding(file, 1, `${object} is not there: build first`);
		continue;
	}
	const symbols = execFileSync('nm', ['-g', '--defined-only', object], { encoding: 'utf8' });
	for (const [, name] of symbols.matchAll(/ [TDBR] (\w+)/g)) {
		count++;
		const prefixes = allowed(file);
		if (
			name !== 'main' &&
			!prefixes.some((p) => name === p || name.startsWith(`${p}_`) || name.startsWith(`${p}s_`))
		)
			finding(
				file,
				1,
				`${name} is exported and does not begin with ${prefixes.map((p) => `${p}_`).join(' or ')}`,
			);
	}
}
finish(`${count} exported names bear their room or folder`);
