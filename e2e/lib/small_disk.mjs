// A disk of a few kilobytes, to be filled.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export class SmallDisk {
  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
    this.filler = join(folder, 'filler');
    this.lastResort = () => execFileSync('umount', ['--lazy', folder], { stdio: 'ignore' });
  }

  static async make(size = '128k') {
    const disk = new SmallDisk(await mkdtemp(join(tmpdir(), 'bridgehall-disk-')));
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk.folder]);
    process.once('exit', disk.lastResort);
    return disk;
  }

  /** To the last byte, or to the last so many KiB. */
  async fill(leaving = 0) {
    await run('dd', ['if=/dev/zero', `of=${this.filler}`, 'bs=1024'], { cwd: '/' }).catch(() => {}); // it ends by having no more room
    const more = await writeFile(`${this.filler}-2`, 'x').then(() => true, () => false);
    await rm(`${this.filler}-2`, { force: true });
    if (more) throw new Error('the disk is not full');
    if (leaving) await run('truncate', ['--size', `-${leaving}K`, this.filler]);
  }

  async makeRoom() {
    await rm(this.filler);
  }

  async remove() {
    process.removeListener('exit', this.lastResort);
    await run('umount', [this.folder]);
    await rm(this.folder, { recursive: true });
  }
}

/** Why no such disk can be made here; false when it can. @type {string | false} */
export const noDisks = (() => {
  if (process.getuid?.() !== 0) return 'mounting needs root';
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'nothing can be mounted here';
  }
})();
