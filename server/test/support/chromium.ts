// Headless Chromium of the operating system for end-to-end tests, driven by playwright-core: a new profile each
// time, nothing sent to the outside, video allowed to play without a click.
import { chromium, type Page } from 'playwright-core';

const executablePath = '/usr/bin/chromium';
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

/** A running browser. `newPage` opens a page of a fresh context (no cookies, no storage from another page). */
export type TestBrowser = {
  newPage(): Promise<Page>;
  /** Ends the browser and deletes its profile. */
  close(): Promise<void>;
};

/** Where the browser comes from, when not from this machine's own place and surroundings. */
export type BrowserPlace = { readonly executablePath: string; readonly env: Readonly<NodeJS.ProcessEnv> };

/** Starts Chromium; `extraFlags` come after the usual ones. Rejects where Chromium is not installed. */
export async function startChromium(
  extraFlags: readonly string[] = [],
  place: BrowserPlace = { executablePath, env: process.env },
): Promise<TestBrowser> {
  const env = Object.fromEntries(Object.entries(place.env).filter((one): one is [string, string] => !!one[1]));
  const browser = await chromium.launch({ ...place, env, args: [...flags, ...extraFlags] });
  return {
    newPage: async () => (await browser.newContext()).newPage(),
    close: () => browser.close(),
  };
}
