// Attached to a video element: it shows that track, and nothing where there is none.
export const showTrack = (track: () => MediaStreamTrack | null | undefined) => (element: HTMLVideoElement) => {
  $effect(() => {
    const shown = track();
    element.srcObject = shown ? new MediaStream([shown]) : null;
  });
};
