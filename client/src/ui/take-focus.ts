// For what takes the place of something that had the focus: else it would fall to the page's beginning.
export function takeFocus(element: HTMLElement): void {
  element.focus({ preventScroll: true });
}
