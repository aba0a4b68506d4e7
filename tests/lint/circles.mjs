// The files of a room need each other in one direction only, and so do its folders: whoever reads a
// file never has to understand another one that needs it in turn. The graph comes from the objects in
// build/debug: a file needs another one of its room when it uses a function or table defined there.
// A folder counts as one; a file that stands in no folder of its room counts by itself.
import { finding, finish, symbols } from './lib.mjs';

// Rooms whose folders may need each other, and why. Their files may not.
const joined = {
	paywall: 'a folder is a subject: the decision reads gift, institution and meter, which decide again with it',
};

// { from: { to: the names that tie them } }
function graph(sources, nodeOf) {
	const home = new Map(sources.flatMap((s) => s.defines.map((name) => [name, nodeOf(s)])));
	const arrows = new Map();
	for (const source of sources) {
		const from = nodeOf(source);
		if (!arrows.has(from)) arrows.set(from, new Map());
		for (const name of source.uses) {
			const to = home.get(name);
			if (to !== undefined && to !== from)
				arrows.get(from).set(to, (arrows.get(from).get(to) ?? new Set()).add(name));
		}
	}
	return arrows;
}

function reached(arrows, start) {
	const seen = new Set();
	const open = [start];
	while (open.length) {
		for (const to of arrows.get(open.pop()).keys()) {
			if (!seen.has(to)) {
				seen.add(to);
				open.push(to);
			}
		}
	}
	return seen;
}

// The sets of nodes that reach each other, each named once.
function circles(arrows) {
	const reach = new Map([...arrows.keys()].map((node) => [node, reached(arrows, node)]));
	const told = new Set();
	const found = [];
	for (const node of arrows.keys()) {
		const circle = [...reach.get(node)].filter((other) => reach.get(other).has(node)).sort();
		if (circle.length > 1 && !told.has(node)) found.push(circle);
		circle.forEach((other) => told.add(other));
	}
	return found;
}

function check(sources, nodeOf, what) {
	const arrows = graph(sources, nodeOf);
	for (const circle of circles(arrows)) {
		const ties = circle.flatMap((from) =>
			[...arrows.get(from)]
				.filter(([to]) => circle.includes(to))
				.map(([to, names]) => `\n    ${from} -> ${to}: ${[...names].sort().join(', ')}`),
		);
		finding(circle[0], 1, `${circle.length} ${what} need each other in a circle:${ties.join('')}`);
	}
}

const sources = symbols('src/*.c').map((source) => {
	const [, room, ...rest] = source.file.split('/');
	return { ...source, room, folder: rest.slice(0, -1).join('/') };
});
const rooms = new Set(sources.map((s) => s.room));
for (const room of rooms) {
	const own = sources.filter((s) => s.room === room);
	check(own, (s) => s.file, 'files');
	if (!(room in joined)) check(own, (s) => (s.folder ? `src/${room}/${s.folder}` : s.file), 'folders and files');
}
finish(`${sources.length} files of ${rooms.size} rooms need each other in one direction`);
