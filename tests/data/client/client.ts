// A reader's app in little, written against the types that are generated from docs/openapi.yaml: what compiles here
// is what a client developer may rely on. tests/contract/client.test.mjs compiles and runs it.
import createClient from 'openapi-fetch';
import type { components, paths } from './types.js';

type Article = components['schemas']['WholeArticle'];

const [base, email, password, slug] = process.argv.slice(2) as [string, string, string, string];
const api = createClient<paths>({ baseUrl: base });

async function logIn(): Promise<string> {
	const { data, error } = await api.POST('/api/v1/sessions', { body: { email, password, name: 'The client of the tests' } });
	if (error) throw new Error(`${error.code}: ${error.detail}`);
	return data.token;
}

async function read(token: string): Promise<Article> {
	const { data, error, response } = await api.GET('/api/v1/articles/{slug}', {
		params: { path: { slug } },
		headers: { Authorization: `Bearer ${token}` },
	});
	if (data && 'article' in data) return data.article;
	throw new Error(error && 'code' in error ? error.code : `unexpected: ${response.status}`);
}

async function everySlug(): Promise<string[]> {
	const slugs: string[] = [];
	let cursor: string | null | undefined;
	do {
		const { data, error } = await api.GET('/api/v1/articles', { params: { query: cursor ? { cursor, limit: 2 } : { limit: 2 } } });
		if (error) throw new Error(error.code);
		slugs.push(...data.articles.map((article) => article.slug));
		cursor = data.next_cursor;
	} while (cursor !== null);
	return slugs;
}

const token = await logIn();
const article = await read(token);
const refused = await read('pst_x').catch((e: Error) => e.message);
console.log(JSON.stringify({ headline: article.headline, body: article.body_html.length, refused, slugs: await everySlug() }));
