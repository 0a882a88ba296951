// The service worker: an installed page opens without a network, and says that the server cannot be reached. It keeps the files of its
// own build whole, so that a page that runs while the server gets a new version still finds what it loads later. A new worker takes over
// when no page of the old one is open; no page is ever loaded anew for it.
import { treatment } from './rules';

interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetch extends Event {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

// Put in by vite.config.ts.
declare const __BUILD__: { readonly name: string; readonly files: readonly string[] };

const { name, files } = __BUILD__;
const kept = new Set(files);
const prefix = 'shell-';
const cacheName = prefix + name;
// A line that takes longer is shown the kept page, which goes on trying in words.
const patienceMs = 2_500;

async function install(): Promise<void> {
  await (await caches.open(cacheName)).addAll(['/', ...files]);
}

async function forgetOthers(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((other) => other.startsWith(prefix) && other !== cacheName).map((other) => caches.delete(other)));
}

const find = (path: string) => caches.match(path, { cacheName });

async function page(request: Request): Promise<Response> {
  const network = fetch(request).catch(() => null);
  const late = new Promise<null>((done) => setTimeout(done, patienceMs, null));
  const answer = await Promise.race([network, late]);
  // A proxy says 502 while the server starts.
  if (answer && answer.status < 500) return answer;
  return (await find('/')) ?? (await network) ?? Response.error();
}

async function file(request: Request): Promise<Response> {
  return (await find(new URL(request.url).pathname)) ?? fetch(request);
}

self.addEventListener('install', (event) => (event as Extendable).waitUntil(install()));
self.addEventListener('activate', (event) => (event as Extendable).waitUntil(forgetOthers()));
self.addEventListener('fetch', (event) => {
  const { request } = event as Fetch;
  const what = treatment(request, location.origin, kept);
  if (what !== 'leave') (event as Fetch).respondWith(what === 'page' ? page(request) : file(request));
});
