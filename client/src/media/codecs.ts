// Which video codec a publisher offers first. The server takes the first of the offer that it knows.

export const videoCodecs = ['vp8', 'vp9', 'h264', 'av1'] as const;
export type VideoCodec = (typeof videoCodecs)[number];

export function asCodec(text: string | null): VideoCodec | null {
  const lower = text?.toLowerCase();
  return videoCodecs.find((codec) => codec === lower) ?? null;
}

interface Codec {
  mimeType: string;
}

const helpers = new Set(['video/rtx', 'video/red', 'video/ulpfec', 'video/flexfec-03']);
const named = (codec: Codec, name: VideoCodec) => codec.mimeType.toLowerCase() === `video/${name}`;

// Without a wish: VP8 first, since every browser decodes it, and the browser's own order after it.
// With a wish: that codec alone (and its helpers), or all of them when the browser does not have it.
export function orderCodecs<T extends Codec>(codecs: readonly T[], wish: VideoCodec | null): T[] {
  if (wish && codecs.some((codec) => named(codec, wish))) {
    return codecs.filter((codec) => named(codec, wish) || helpers.has(codec.mimeType.toLowerCase()));
  }
  return [...codecs.filter((codec) => named(codec, 'vp8')), ...codecs.filter((codec) => !named(codec, 'vp8'))];
}
