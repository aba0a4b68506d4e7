// The rows beside their baselines, alternating: every row is asked, then its twin, in each round.
import { hotRoutes } from './routes.mjs';
import { startNginx, startPostern, startTwin } from './stage.mjs';
import { median, spread, stop, wrk } from './tools.mjs';

const NO_CONTENT = { status: 204, pairs: [['Cache-Control', 'no-store']], body: Buffer.alloc(0) };

const summary = (samples) => ({
	perSecond: median(samples.map((s) => s.perSecond)),
	cpuUs: median(samples.map((s) => s.cpuUs)),
	p50Us: median(samples.map((s) => s.p50Us)),
	p99Us: median(samples.map((s) => s.p99Us)),
	spread: spread(samples.map((s) => s.perSecond)),
});

// Each lane is one thing that is asked again and again: {id, name, port, path, headers, pids, samples}.
async function lanes(postern) {
	const { there, missing } = await hotRoutes(postern);
	const twin = await startTwin([NO_CONTENT, ...there.map((row) => row.answer)]);
	const nginx = await startNginx(there[0].answer.body, twin.port);
	const own = there.flatMap((row, i) => [
		{ ...row, port: postern.port, pids: [postern.pid] },
		{
			id: `${row.id}:twin`,
			name: `bare library, same bytes as: ${row.name}`,
			port: twin.port,
			path: `/${row.id === 'gate-check' ? 0 : i + 1}`,
			headers: row.headers,
			script: undefined,
			pids: [twin.pid],
		},
	]);
	const beside = [
		{
			id: 'nginx-file',
			name: 'nginx, the same page as a public file',
			port: nginx.port,
			path: '/public',
			headers: there[0].headers,
			pids: [nginx.pid],
		},
		{
			id: 'nginx-auth',
			name: 'nginx, auth_request to a bare 204, then the file',
			port: nginx.port,
			path: '/gated',
			headers: there[0].headers,
			pids: [nginx.pid, twin.pid],
		},
	];
	return { all: [...own, ...beside], missing, close: () => Promise.all([twin, nginx].map((s) => stop(s.child))) };
}

export async function throughput({ rounds, seconds, connections, say }) {
	const postern = await startPostern();
	const { all, missing, close } = await lanes(postern);
	for (const lane of all) {
		// warm
		lane.samples = [];
		await wrk(lane.port, { ...lane, connections, seconds: 1, pids: [] });
	}
	for (let round = 1; round <= rounds; round++) {
		say(`throughput, round ${round} of ${rounds}`);
		for (const lane of all)
			lane.samples.push(
				await wrk(lane.port, {
					path: lane.path,
					headers: lane.headers,
					script: lane.script,
					connections,
					seconds,
					pids: lane.pids,
				}),
			);
	}
	await close();
	await stop(postern.child);
	const refused = all.filter((lane) => lane.samples.some((s) => s.bad + s.socketErrors > 0));
	if (refused.length)
		// what is no answer is fast
		throw new Error(`not answered as they should be: ${refused.map((lane) => lane.id).join(', ')}`);
	const results = new Map(all.map((lane) => [lane.id, summary(lane.samples)]));
	const rows = all
		.filter((lane) => !lane.id.includes(':'))
		.map((lane) => {
			const twin = results.get(`${lane.id}:twin`) ?? results.get('article-full:twin'),
				own = results.get(lane.id);
			return {
				id: lane.id,
				name: lane.name,
				target: lane.target,
				own,
				twin,
				ratio: own.perSecond / twin.perSecond,
				cpuRatio: own.cpuUs / twin.cpuUs,
			};
		});
	return { rows, missing: missing.map((row) => row.name), connections };
}
