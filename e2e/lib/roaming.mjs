// People whose way to the server changes: a hall beside the server, and a site in a machine of its own behind a router that can do
// what home routers and networks do. Every page keeps a record of what flows and of what state it was in.
import { launchChromium, launchFirefox } from './browsers.mjs';
import { Network } from './namespaces.mjs';
import { join } from './participants.mjs';
import { Server } from './server.mjs';
import { until } from './until.mjs';

/** Runs in the page: what came last, the longest time in which nothing came, and the states that it was in. */
function keepRecord() {
  const record = { packets: 0, lastAt: performance.now(), longest: 0, states: [] };
  window.record = record;
  const note = (state) => {
    if (record.states.at(-1)?.state !== state) record.states.push({ state, at: performance.now() });
  };
  const look = async () => {
    note(window.bridgehall?.state);
    const report = await window.bridgehall?.peerConnection?.getStats().catch(() => null);
    let packets = 0;
    for (const stats of report?.values() ?? []) if (stats.type === 'inbound-rtp') packets += stats.packetsReceived;
    const now = performance.now();
    if (packets !== record.packets) {
      record.packets = packets;
      record.lastAt = now;
    } else {
      record.longest = Math.max(record.longest, now - record.lastAt);
    }
    setTimeout(look, 20);
  };
  void look();
}

/** @param {import('./participants.mjs').Participant} person */
const recordOf = (person) => person.page.evaluate(() => ({ ...window.record, now: performance.now() }));

export class Roaming {
  /** @param {{ lines?: number, firefox?: boolean }} [wishes] lines: how many the site has; the first is connected; firefox: the site's browser */
  static async make({ lines = 1, firefox = false } = {}) {
    const roaming = new Roaming();
    roaming.network = await Network.make('server', 'site');
    try {
      [roaming.home, roaming.away] = roaming.network.machines;
      roaming.server = await Server.start({ machine: roaming.home, flags: ['--http-address', '0.0.0.0', '--media-tcp', 'off'] }); // how UDP finds its way
      if (lines > 1) await roaming.addLine();
      [roaming.near, roaming.far] = await Promise.all([launchChromium({ machine: roaming.home }), (firefox ? launchFirefox : launchChromium)({ machine: roaming.away })]);
    } catch (error) {
      await roaming.remove();
      throw error;
    }
    return roaming;
  }

  async remove() {
    await Promise.all([this.near?.close(), this.far?.close()].map((closing) => closing?.catch(() => {})));
    await this.server?.remove();
    await this.network.remove();
  }

  /** Two people who speak and are seen. @returns {Promise<import('./participants.mjs').Participant[]>} */
  async meet() {
    const look = { width: 320, height: 180, speaking: true, prepared: (context) => context.addInitScript(keepRecord) };
    const origin = `https://${this.home.address}:${this.server.port}`;
    const overNetwork = { ...look, origin, context: { ignoreHTTPSErrors: true } };
    const [hall, site] = await Promise.all([join(this.near, this.server, 'hall', look), join(this.far, this.server, 'ha-giang', overNetwork)]);
    await Promise.all([hall.sees('ha-giang'), site.sees('hall'), hall.hears(site.voice), site.hears(hall.voice)]);
    return [hall, site];
  }

  /** A second line of the site's machine, not yet connected. */
  async addLine() {
    const { network, away } = this;
    this.second = { subnet: `10.${network.number}.200`, device: 'eth1' };
    await network.route('ip', 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'eth1', 'netns', away.namespace);
    await network.route('ip', 'address', 'add', `${this.second.subnet}.1/24`, 'dev', 'cable');
    await network.route('ip', 'link', 'set', 'cable', 'up');
  }

  /** The site's machine leaves its network for the other one, where it has another address. */
  async changeLine() {
    const { away, second } = this;
    await away.run('ip', 'address', 'flush', 'dev', 'eth0');
    await away.run('ip', 'link', 'set', 'eth0', 'down');
    await away.run('ip', 'address', 'add', `${second.subnet}.2/24`, 'dev', 'eth1');
    await away.run('ip', 'link', 'set', 'eth1', 'up');
    await away.run('ip', 'route', 'add', 'default', 'via', `${second.subnet}.1`);
  }

  /** The router hides the site behind its own address, with a port of its own choice for each flow. */
  async hide() {
    const { network, away } = this;
    await network.route('nft', 'add table ip hide');
    await network.route('nft', 'add chain ip hide post { type nat hook postrouting priority 100; }');
    await network.route('nft', `add rule ip hide post ip saddr ${away.subnet}.0/24 oifname "server" meta l4proto { tcp, udp } masquerade to :20000-59999 fully-random`);
  }

  /** Through which ports of the router media go at this moment. @returns {Promise<number[]>} */
  async hiddenPorts() {
    const flows = await this.network.route('conntrack', '-L', '-p', 'udp', '--dst', this.home.address);
    return [...flows.matchAll(/dport=(\d+) (?:\[ASSURED\]|mark|use)/g)].map(([, port]) => Number(port));
  }

  /** The router forgets where media came from: the next packet gets another port. */
  async rebind() {
    const before = await this.hiddenPorts();
    await this.network.route('conntrack', '-D', '-p', 'udp').catch(() => {}); // it says with its status how many there were
    await until('the router uses another port', async () => (await this.hiddenPorts()).some((port) => !before.includes(port)), { ceiling: 10_000 });
  }

  /** The router lets nothing through any more where media go at this moment; elsewhere it does. */
  async blockPresentPorts() {
    const { network, away } = this;
    const flows = await network.route('conntrack', '-L', '-p', 'udp', '--src', away.address);
    const ports = new Set([...flows.matchAll(/sport=(\d+) dport=\d+ src=/g)].map(([, port]) => port));
    await network.route('nft', 'add table ip block');
    await network.route('nft', 'add chain ip block through { type filter hook forward priority 0; }');
    for (const port of ports) {
      await network.route('nft', `add rule ip block through ip saddr ${away.address} udp sport ${port} drop`);
      await network.route('nft', `add rule ip block through ip daddr ${away.address} udp dport ${port} drop`);
    }
  }

  /** The router gets another address for the outside: every connection through it is gone. */
  async moveRouter() {
    const { network, home } = this;
    await network.route('ip', 'address', 'del', `${home.gateway}/24`, 'dev', 'server');
    await network.route('ip', 'address', 'add', `${home.subnet}.9/24`, 'dev', 'server');
    await home.run('ip', 'route', 'replace', 'default', 'via', `${home.subnet}.9`);
  }

  /** The site's machine sleeps. */
  async sleep(milliseconds) {
    const pids = (await this.network.route('ip', 'netns', 'pids', this.away.namespace)).split(/\s+/).filter(Boolean).map(Number);
    const signal = (name) => pids.forEach((pid) => {
      try {
        process.kill(pid, name);
      } catch {
        // It has ended.
      }
    });
    signal('SIGSTOP');
    await new Promise((done) => setTimeout(done, milliseconds));
    signal('SIGCONT');
  }
}

/** @param {import('./participants.mjs').Participant} person forgets what was, for what comes */
export const beginRecord = (person) =>
  person.page.evaluate(() => {
    Object.assign(window.record, { longest: 0, lastAt: performance.now(), states: window.record.states.slice(-1) });
  });

/**
 * Waits until packets come again and have done so for a while.
 * @param {import('./participants.mjs').Participant} person
 * @returns {Promise<{ longest: number, states: { state: string, at: number }[] }>} longest: in ms, in which nothing came
 */
export async function flowsAgain(person, { ceiling = 15_000, steady = 1_000 } = {}) {
  let since = null;
  await until(`packets flow to ${person.seat} again`, async () => {
    const { packets, lastAt, now } = await recordOf(person);
    if (now - lastAt > 300) return ((since = null), false);
    since ??= { packets, now };
    return now - since.now > steady && packets > since.packets + 10;
  }, { ceiling });
  return recordOf(person);
}

/** How long it was in that state, in ms; 0: never. @param {{ state: string, at: number }[]} states @param {string} state */
export function timeIn(states, state) {
  const from = states.findIndex((entry) => entry.state === state);
  return from < 0 || !states[from + 1] ? 0 : states[from + 1].at - states[from].at;
}
