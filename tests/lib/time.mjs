// What tests may say of time so that a machine busy with other things breaks none of it: limits on waiting, which only what
// hangs will meet, and claims that hold however late the answers come.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// Asks until the answer is truthy; the last answer is returned, so that a message can show it.
export async function until(what, ask, ms = 30000, every = 50) {
	const end = Date.now() + ms;
	for (;;) {
		const answer = await ask();
		if (answer) return answer;
		if (Date.now() > end) assert.fail(`waited ${ms} ms for ${what}`);
		await sleep(every);
	}
}

// What comes of a promise, or an error when it does not come: an event that never happens is no reason to wait for ever.
export async function within(what, promise, ms = 60000) {
	let late;
	const limit = new Promise((_, fail) => {
		late = setTimeout(() => fail(new Error(`waited ${ms} ms for ${what}`)), ms);
	});
	return Promise.race([promise, limit]).finally(() => clearTimeout(late));
}

// A change that has been told holds for whatever is asked `ms` later. It is the asking that is timed: a machine that is
// busy with other things may answer as late as it likes. How long it took, for a report.
export async function obeyed(what, ask, ms = 1000) {
	const told = performance.now();
	for (;;) {
		const asked = performance.now() - told;
		if (await ask()) return performance.now() - told;
		assert.ok(asked <= ms, `${what}: not obeyed by what was asked ${asked.toFixed(0)} ms later`);
		await sleep(2);
	}
}

// What does not wait is quick at least once; what waits never is, however often it is asked.
export async function quickOnce(what, ms, ask, tries = 20) {
	const took = [];
	for (let i = 0; i < tries; i++) {
		const began = performance.now();
		await ask(i);
		took.push(performance.now() - began);
		if (took.at(-1) < ms) return;
	}
	assert.fail(`${what}: ${took.map((t) => t.toFixed(0))} ms, never below ${ms}`);
}

// A moment that is still to come when `ask` has seen what holds before it, and no later than need be: on a machine that
// lets it pass meanwhile, once more with one that is twice as far. What was seen, and a promise of the moment.
export async function beforeMoment(ask, seconds = 3) {
	for (let s = seconds; s < 100; s *= 2) {
		const at = (Math.floor(Date.now() / 1000) + s) * 1000;
		const passed = () => Date.now() >= at;
		const seen = await ask(new Date(at).toISOString().replace('.000', ''), passed);
		if (!passed()) return { seen, moment: () => sleep(at + 20 - Date.now()) }; // the system's seconds come a tick late
	}
	return assert.fail('each moment had passed');
}

// Processor time that a program and the children it has now have taken so far, in ms: unlike the clock it does not run
// while others are at work.
export function processorMs(pid) {
	const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
	const own = (Number(fields[11]) + Number(fields[12])) * 10; // Linux counts in hundredths of a second
	const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
		readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean),
	);
	return children.reduce((sum, child) => sum + processorMs(child), own);
}
