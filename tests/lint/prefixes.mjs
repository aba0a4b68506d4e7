// An exported function or table bears the name of its room or of its folder, so that who reads the
// name knows where it stands. base and text have no name of their own in it: there it is the type or
// notion, as in a standard library.
import { finding, finish, symbols } from './lib.mjs';

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
for (const { file, defines } of symbols('src/*.c')) {
	const prefixes = allowed(file);
	for (const name of defines) {
		count++;
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
