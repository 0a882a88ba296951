// Beside each built file that gets smaller by it, the same in brotli and gzip: the server sends what the browser takes.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const folder = process.env.BRIDGEHALL_CLIENT_OUT ?? '../build/client';
const texts = new Set(['.css', '.html', '.js', '.json', '.mjs', '.svg', '.txt', '.wasm', '.webmanifest']);
const encodings = { br: brotliCompressSync, gz: (content) => gzipSync(content, { level: 9 }) }; // brotli is at its smallest by itself

for (const name of await readdir(folder, { recursive: true })) {
  if (!texts.has(extname(name))) continue;
  const content = await readFile(join(folder, name));
  for (const [extension, compress] of Object.entries(encodings)) {
    const compressed = compress(content);
    if (compressed.length < content.length) await writeFile(join(folder, `${name}.${extension}`), compressed);
  }
}
