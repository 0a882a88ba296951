// What the record costs those who wait for it: some pages ask for one thing after another at a steady rate, many others
// are told. Prints how long an acknowledgement and a delivery take, and the server's memory for each page that is there
// without media. The server has one core, this program another.
//
//   tools/with_node node bench/commands.mjs [--watchers 400] [--commanders 20] [--rate 50] [--seconds 30] [--server-core 1] [--own-core 0] [--data FOLDER] [--compress] [-- FLAG…]
//
// --compress: the many agree to compress with the server as browsers do (RFC 7692). That costs this program as much as the server: for memory, not for times.
// --data: where the record lies, on the disk that is meant; by default a new folder under /tmp. What follows -- goes to the server.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';

import { Commander } from '../e2e/lib/commander.mjs';
import { freePort } from '../e2e/lib/ports.mjs';
import { environment, program } from '../e2e/lib/server.mjs';
import { TextSocket } from '../e2e/lib/text_socket.mjs';
import { until } from '../e2e/lib/until.mjs';

const { values, positionals } = parseArgs({
  options: {
    watchers: { type: 'string', default: '400' },
    commanders: { type: 'string', default: '20' },
    rate: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '30' },
    'server-core': { type: 'string', default: '1' },
    'own-core': { type: 'string', default: '0' },
    data: { type: 'string' },
    compress: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const [watchers, commanders, rate, seconds] = [values.watchers, values.commanders, values.rate, values.seconds].map(Number);
execFileSync('taskset', ['-a', '-cp', values['own-core'], String(process.pid)], { stdio: 'ignore' });

const data = values.data ?? (await mkdtemp(join(tmpdir(), 'bridgehall-commands-')));
const port = await freePort();
const server = spawn('taskset', ['-c', values['server-core'], program, 'demo', '--port', String(port), '--data', data, '--media-shards', '1', '--http-max-links', '10000', ...positionals], {
  env: environment,
  stdio: 'ignore',
});
process.once('exit', () => server.kill('SIGKILL'));
await until('the server is ready', async () => (await fetch(`http://localhost:${port}/readyz`).catch(() => null))?.ok);

const token = async (role, subject) =>
  (await promisify(execFile)(program, ['token', '--data', data, '--conference', 'demo', '--role', role, '--subject', subject, '--ttl', '1h'], { env: environment })).stdout.trim();
const memory = async () => Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${server.pid}/status`, 'utf8'))?.[1]);
const cpu = async () => {
  const fields = (await readFile(`/proc/${server.pid}/stat`, 'utf8')).split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
const percentile = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
function tell(what, times) {
  if (times.length === 0) return console.log(`${what}: none`);
  const sorted = Float64Array.from(times).sort();
  console.log(`${what}: ${sorted.length}, median ${percentile(sorted, 0.5).toFixed(2)} ms, p99 ${percentile(sorted, 0.99).toFixed(2)} ms, most ${sorted.at(-1)?.toFixed(2)} ms`);
}

const roster = JSON.parse(await readFile(join(data, 'conferences', 'demo.json'), 'utf8')).seats.filter(({ role }) => role !== 'viewer');
if (commanders > roster.length) throw new Error(`there are ${roster.length} seats`);
const pages = await Promise.all(roster.slice(0, commanders).map(async ({ id, role }) => new Commander(port, id, await token(role, id))));
await Promise.all(pages.map((page) => page.arrive()));
await until('all have joined', () => pages.every((page) => page.asked.size === 0));

/** When each message was asked for, by its number. */
const asked = [];
const delivered = [];
let open = 0;
let lost = 0;
const before = await memory();
for (let begin = 0; begin < watchers; begin += 20) {
  const tokens = await Promise.all(Array.from({ length: Math.min(20, watchers - begin) }, (_, i) => token('delegate', `watcher-${begin + i}`)));
  for (const mine of tokens) {
    const socket = new TextSocket(port, '/api/conferences/demo/signalling', {
      // Not parsed: this program's own work would be measured.
      text: (text) => {
        if (text.startsWith('{"conference"') || text.includes('"type":"snapshot"')) ++open;
        const at = text.indexOf('"text":"load ');
        if (at >= 0 && text.includes('"happened"')) delivered.push(performance.now() - asked[parseInt(text.slice(at + 13), 10)]);
      },
      closed: () => ++lost,
    }, { compress: values.compress });
    socket.send({ type: 'hello', version: 1, token: mine });
  }
  await until('they have come', () => open >= Math.min(begin + 20, watchers), { ceiling: 30_000 });
}
await new Promise((done) => setTimeout(done, 1000));
const after = await memory();
console.log(`memory: ${before} KiB without them, ${after} KiB with ${watchers} pages that watch: ${((after - before) / watchers).toFixed(1)} KiB each`);

const acknowledged = [];
const [cpuBefore, began] = [await cpu(), performance.now()];
for (let number = 0; number < rate * seconds; ++number) {
  const due = began + (number * 1000) / rate;
  const wait = due - performance.now();
  if (wait > 0) await new Promise((done) => setTimeout(done, wait));
  const page = pages[number % pages.length];
  asked[number] = performance.now();
  void page.answerTo('chat', { text: `load ${number}.`, to: 'everyone' }).then(({ type }) => {
    if (type === 'done') acknowledged.push(performance.now() - asked[number]);
  });
}
const used = ((await cpu()) - cpuBefore) / ((performance.now() - began) / 1000);
await until('all is told', () => delivered.length >= rate * seconds * watchers && acknowledged.length >= rate * seconds, { ceiling: 10_000 }).catch(() => {});
tell('acknowledged', acknowledged);
tell('delivered', delivered);
console.log(`expected: ${rate * seconds} acknowledged, ${rate * seconds * watchers} delivered; ${lost} connections lost`);
console.log(`server: ${(used * 100).toFixed(0)} % of one core, ${await memory()} KiB`);
const metrics = (await (await fetch(`http://localhost:${port}/metrics`)).text()).split('\n');
for (const line of metrics.filter((each) => /^bridgehall_record_\w+(_total|_sum|_count|trouble) /.test(each))) console.log(line);
for (const page of pages) if (page.faults.length > 0) console.log(page.faults.slice(0, 3));
server.kill('SIGTERM');
if (!values.data) await rm(data, { recursive: true, force: true });
process.exit(0);
