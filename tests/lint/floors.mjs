// Who may include whom: rooms only of lower floors, private headers only at home, and each vendor
// header in the rooms that are named for it.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { files, finding, finish, read } from './lib.mjs';

const floors = {
	base: 0,
	text: 1,
	template: 2,
	crypto: 2,
	db: 2,
	http: 2,
	dns: 2,
	mail: 3,
	account: 4,
	paywall: 5,
	content: 6,
	access: 7,
	pages: 8,
	api: 8,
	gate: 8,
	app: 9,
	cli: 10,
};
// Public headers that do not bear their room's name.
const doors = {
	log: 'base',
	cache: 'base',
	hash: 'base',
	thread: 'base',
	caller: 'base',
	json: 'text',
	queries: 'db',
	api_key: 'account',
	policy: 'paywall',
	decision: 'paywall',
	decision_cache: 'paywall',
	entitlement: 'paywall',
	meter: 'paywall',
	institution: 'paywall',
	crawler: 'paywall',
	gift: 'paywall',
	rule: 'paywall',
	plan: 'paywall',
	explain: 'paywall',
	seat: 'paywall',
	path: 'paywall',
	config: 'app',
};
// The room that asks a file of queries, and may alone include its functions.
const queries = {
	account: 'account',
	key: 'account',
	session: 'account',
	mail: 'mail',
	article: 'content',
	front: 'content',
	change: 'db',
	probe: 'app',
	crawler: 'paywall',
	gift: 'paywall',
	institution: 'paywall',
	meter: 'paywall',
	path: 'paywall',
	paywall: 'paywall',
	plan: 'paywall',
	policy: 'paywall',
	rule: 'paywall',
	seat: 'paywall',
};
const vendors = [
	[/^(sodium|zxcvbn)\.h$/, ['crypto']],
	[/^(sqlite3|libpq-fe)\.h$/, ['db', 'tools']],
	[/^(microhttpd|zlib)\.h$/, ['http']],
	[/^brotli\/encode\.h$/, ['http']],
	[/^curl\/.+\.h$/, ['mail']],
	[/^(utf8proc|idn2)\.h$/, ['text']],
	[/^(cmark-gfm.*|libxml\/.+)\.h$/, ['content']],
	[/^ini\.h$/, ['app']],
	[/^jansson\.h$/, ['text']],
	[/^ares\.h$/, ['dns']],
];
// The C library and the system. Any other header is a vendor's and needs a room above.
const system = new RegExp(
	`^(${[
		'assert ctype errno float inttypes limits locale math setjmp signal stdalign stdarg stdatomic',
		'stdbool stddef stdint stdio stdlib stdnoreturn string strings threads time uchar wchar',
		'arpa/inet arpa/nameser dirent dlfcn endian fcntl fnmatch ftw getopt grp iconv libgen malloc netdb',
		'netinet/in netinet/tcp poll pthread pwd regex sanitizer/.+ sched semaphore spawn sys/.+ syslog termios',
		'unistd utime linux/.+',
	]
		.join(' ')
		.replaceAll(' ', '|')})\\.h$`,
);

// The schema compiler refuses at build time what the db room could not translate at run time.
const shared = { 'tools/dialect_check.h': 'src/db/dialect.h' };

const roomOf = (file) =>
	file.startsWith('tools/')
		? 'tools'
		: file.startsWith('src/')
			? file.split('/')[1]
			: headerRoom(file.match(/([^/]+)\.h$/)[1]);
const headerRoom = (name) => doors[name] ?? name;

function checkDoor(file, line, room, name) {
	const other = headerRoom(name);
	if (!(other in floors)) finding(file, line, `postern/${name}.h belongs to no room that is known here`);
	else if (!(room in floors)) finding(file, line, `${room} is no room of the program and includes none`);
	else if (other !== room && floors[other] >= floors[room])
		finding(
			file,
			line,
			`${room} (floor ${floors[room]}) must not include ${other} ` +
				`(floor ${floors[other]}): only lower floors`,
		);
}

function checkQueries(file, line, room, name) {
	if (!(name in queries)) finding(file, line, `name the room of schema/queries/${name}.sql in tests/lint/floors.mjs`);
	else if (queries[name] !== room)
		finding(file, line, `the queries of ${name}.sql are asked by ${queries[name]} alone, not by ${room}`);
}

function checkPrivate(file, line, room, name) {
	const path = join(dirname(file), name);
	if (!path.startsWith(room === 'tools' ? 'tools/' : `src/${room}/`) && shared[file] !== path)
		finding(file, line, `"${name}" is not a header of ${room}'s own; use the door of its room`);
	else if (!existsSync(path)) finding(file, line, `"${name}" does not exist beside this file`);
}

function checkVendor(file, line, room, name) {
	const vendor = vendors.find(([pattern]) => pattern.test(name));
	if (!vendor && !system.test(name)) finding(file, line, `<${name}> is new: name its room in tests/lint/floors.mjs`);
	else if (vendor && !vendor[1].includes(room))
		finding(file, line, `<${name}> is known to ${vendor[1].join(', ')} only, not to ${room}`);
}

const sources = files('src/*.c', 'src/*.h', 'tools/*.c', 'tools/*.h', 'include/*.h');
for (const file of sources) {
	const room = roomOf(file);
	if (!(room in floors) && room !== 'tools')
		finding(file, 1, `${room} is no room: name its floor in tests/lint/floors.mjs`);
	read(file)
		.split('\n')
		.forEach((text, i) => {
			const [, quote, name] = text.match(/^\s*#\s*include\s*([<"])([^>"]+)[>"]/) ?? [];
			const door = name?.match(/^postern\/(.+)\.h$/);
			if (!name) return;
			if (door?.[1].startsWith('queries/')) checkQueries(file, i + 1, room, door[1].slice('queries/'.length));
			else if (door) checkDoor(file, i + 1, room, door[1]);
			else if (quote === '"') checkPrivate(file, i + 1, room, name);
			else checkVendor(file, i + 1, room, name);
		});
}
finish(`${sources.length} files include lower floors only`);
