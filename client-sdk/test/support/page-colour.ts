/*
 * What is really on the screen: the colour in the middle of the video of a page, out of a screenshot. Asking the
 * element itself would not do, because browsers show frames the element no longer admits to.
 */
import type { Page } from 'playwright-core';

export type PageColour = 'background' | 'picture' | 'other';

/** Test pictures are red; the page behind the video is green. */
export async function colourOfVideo(page: Page): Promise<PageColour> {
  const shot = await page.screenshot({ clip: { x: 0, y: 0, width: 320, height: 180 } });
  const [red = 0, green = 0, blue = 0] = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context?.drawImage(bitmap, 0, 0);
    return [...(context?.getImageData(160, 90, 1, 1).data ?? [])];
  }, shot.toString('base64'));
  if (red < 40 && green > 100 && blue < 40) return 'background';
  return red > 150 && green < 90 ? 'picture' : 'other';
}
