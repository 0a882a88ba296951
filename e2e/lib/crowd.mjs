// A conference with as many sites as a province has communes: their seats in the roster, and pages without pictures that sit there.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Commander } from './commander.mjs';

const idOf = (number) => `commune-${String(number).padStart(3, '0')}`;
const invitationOf = (number) => number.toString(16).padStart(32, '0');

/** Starts the server anew with so many sites more. @param {import('./server.mjs').Server} server @param {number} sites @returns {Promise<number>} how many seats there are then */
export async function addSites(server, sites) {
  await server.end();
  const path = join(server.data, 'conferences', 'demo.json');
  const roster = JSON.parse(await readFile(path, 'utf8'));
  for (let number = 1; number <= sites; number += 1) roster.seats.push({ id: idOf(number), name: `Xã ${number}`, role: 'site', invitation: invitationOf(number), serial: 1 });
  await writeFile(path, JSON.stringify(roster));
  await server.begin();
  return roster.seats.length;
}

/** @param {import('./server.mjs').Server} server @param {number} number @returns {Promise<Commander>} that has joined, for the half minute in which its media session waits */
export async function sit(server, number) {
  const response = await fetch(`${server.origin}/api/invitations/exchange`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ invitation: invitationOf(number) }) });
  const { token } = await response.json();
  const commander = new Commander(server.port, idOf(number), token);
  await commander.arrive();
  return commander;
}
