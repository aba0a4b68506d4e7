// A site behind the gate: its rules, and the ways in which a protected address might be written otherwise.

export function protectedRules(server) {
	for (const args of [
		['/open/**', 'public'],
		['/members/**', 'registered'],
		['/paid/**', 'subscriber', '--section', 'city', '--new'],
		['/locked/**', 'closed'],
	])
		server.cliOk('gate', 'add', ...args);
}

// What SECURITY.md lists, for a path of two parts: none of it may pass, for any reader.
export function ambiguous(path) {
	const [, dir, name] = path.split('/');
	return [
		`/open/%2e%2e/${dir}/${name}`,
		`/open/../${dir}/${name}`,
		`/open/.%2e/${dir}/${name}`,
		`/open/%2E./${dir}/${name}`,
		`/./${dir}/${name}`,
		`/%2e/${dir}/${name}`,
		`/${dir}/./${name}`,
		`//${dir}/${name}`,
		`/${dir}//${name}`,
		`/${dir}%2f${name}`,
		`/${dir}%2F${name}`,
		`/open%2f..%2f${dir}/${name}`,
		`/${dir}\\${name}`,
		`/${dir}%5c${name}`,
		`/open/..\\${dir}\\${name}`,
		`/${dir};x/${name}`,
		`/${dir}/${name};x`,
		`/${dir}/${name}%3bx`,
		`/${dir}/${name}%00`,
		`/${dir}/${name}%00.css`,
		`/${dir}%00/${name}`,
		`/${dir}/${name}.`,
		`/${dir}./${name}`,
		`/${dir}/${name}%20`,
		`/${dir}/${name}%23x`,
		`/${dir}/${name}#x`,
		`/${dir}/%252e%252e/${dir}/${name}`,
		`/${dir}%252f${name}`,
		`/${dir}/${name}%2500`,
		`/%c0%ae%c0%ae/${dir}/${name}`,
		`/${dir}%c0%af${name}`,
		`/${dir}/%ff`,
		`/${dir}/${name}%0d%0aX: y`,
		`/${dir}/${name}%0a`,
		`/${dir}/${name}%09`,
		`/${dir}/${name}%7f`,
		`/${dir}/${name}%`,
		`/${dir}/${name}%4`,
		`/${dir}/${name}%zz`,
		`/${dir}%EF%BC%8F${name}`,
		`/open/%E2%80%A5/${dir}/${name}`,
		`/${dir}/${name}%EF%BC%8E`,
		`/${dir}%E2%84%80${name}`,
		`/open/%ef%bc%8e%ef%bc%8e/${dir}/${name}`,
		`/${dir}/${name}%EF%BC%9Bx`,
		`/${dir}%EF%BC%BC${name}`,
	];
}

export function townLibrary(server, range) {
	server.cliOk('institution', 'add', 'town-library', '--title', 'Town Library');
	server.cliOk('institution', 'range', 'add', 'town-library', range);
}
