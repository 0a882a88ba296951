// The picture sizes a publisher chooses from, with the bit rate each may use.

export const qualities = [360, 720, 1080] as const;
export type Quality = (typeof qualities)[number];

export function asQuality(text: string | null): Quality {
  return qualities.find((quality) => String(quality) === text) ?? 720;
}

export interface PictureSettings {
  width: number;
  height: number;
  framesPerSecond: number;
  maxBitrate: number; // bits per second
}

const settings: Record<Quality, PictureSettings> = {
  360: { width: 640, height: 360, framesPerSecond: 25, maxBitrate: 1_000_000 },
  720: { width: 1280, height: 720, framesPerSecond: 30, maxBitrate: 2_500_000 },
  1080: { width: 1920, height: 1080, framesPerSecond: 30, maxBitrate: 4_000_000 },
};

export const pictureSettings = (quality: Quality): PictureSettings => settings[quality];
