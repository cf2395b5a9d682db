/* In the page: from a video that was put there (its offer is being taken) to its first presented frame. */
import type { Page } from 'playwright-core';

declare global {
  var firstFramesMs: number[];
}

/** Begins to time every video that is put into the page from now on. */
export async function startTiming(page: Page): Promise<void> {
  await page.evaluate(() => {
    globalThis.firstFramesMs = [];
    const observer = new MutationObserver((changes) => {
      for (const node of changes.flatMap((one) => [...one.addedNodes])) {
        if (!(node instanceof HTMLVideoElement)) continue;
        const addedAtMs = performance.now();
        node.requestVideoFrameCallback(() => globalThis.firstFramesMs.push(performance.now() - addedAtMs));
      }
    });
    observer.observe(document.documentElement, { childList: true, subtree: true });
  });
}

/** Waits for so many first frames since the last call, and takes them. */
export async function takeFirstFrames(page: Page, count: number): Promise<number[]> {
  await page.waitForFunction((awaited) => globalThis.firstFramesMs.length >= awaited, count, { timeout: 20_000 });
  return page.evaluate(() => globalThis.firstFramesMs.splice(0));
}
