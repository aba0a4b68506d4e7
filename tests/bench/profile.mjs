// Where the instructions of a callgrind dump went: [[function, instructions of its own], …], most first.
import { readFileSync } from 'node:fs';

export function selfCosts(file) {
	const names = new Map(),
		costs = new Map();
	let fn = null,
		called = false;
	for (const line of readFileSync(file, 'utf8').split('\n')) {
		const hit = /^(c?)fn=\((\d+)\)(?: (.*))?/.exec(line);
		if (hit) {
			if (hit[3]) names.set(hit[2], hit[3]);
			if (!hit[1]) fn = hit[2];
		} else if (line.startsWith('calls=')) {
			called = true; // the next line is the callee's
		} else if (/^[+\-*\d]/.test(line) && fn !== null) {
			if (!called) costs.set(fn, (costs.get(fn) ?? 0) + Number(line.split(' ')[1]));
			called = false;
		}
	}
	return [...costs].map(([id, n]) => [names.get(id) ?? id, n]).sort((a, b) => b[1] - a[1]);
}
