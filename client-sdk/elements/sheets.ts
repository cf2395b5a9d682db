/*
 * How the elements look unless a page says otherwise: through ::part, or through the custom properties read below.
 * The colours are in colours.ts, where a test checks their contrast. Made once, on first use.
 */
import { type ColourName, colours } from './colours.ts';
import { makeSheet } from './shadow-parts.ts';

const colour = (name: ColourName): string => `var(--sallyport-${name}, ${colours[name]})`;

const viewerCss = `
:host { display: block; min-width: 0; color-scheme: dark; color: ${colour('text')}; container-type: inline-size;
  font: 1rem/1.4 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif }
:host([hidden]), [hidden] { display: none !important }
* { box-sizing: border-box; margin: 0 }
.tile { border: 1px solid ${colour('line')}; border-radius: 12px; overflow: hidden; background: ${colour('panel')} }
.screen { position: relative; aspect-ratio: 16 / 9; background: ${colour('screen')} }
video { display: block; width: 100%; height: 100%; object-fit: contain }
.veil { position: absolute; inset: 0; display: grid; place-items: center; text-align: center; padding: 1rem;
  color: ${colour('text')} }
.plate { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem .75rem; padding: .6rem .8rem }
.name { font-size: 1em; font-weight: 650; overflow-wrap: anywhere }
.state { font-size: .8125em; font-weight: 650; padding: .1rem .6rem; border: 1px solid; border-radius: 99px;
  color: ${colour('muted')} }
:host([data-state="live"]) .state { color: ${colour('live')} }
:host([data-state="live"]) .state::before { content: "\\25cf  " }
:host(:is([data-state="held"], [data-state="dark-retrying"])) .state { color: ${colour('warn')} }
:host([data-state="dark-final"]) .state { color: ${colour('stop')} }
.facts { order: 4; flex: 1 0 100%; min-height: 1.4em; color: ${colour('muted')}; font-size: .875em;
  font-variant-numeric: tabular-nums }
.acts { display: flex; gap: .5rem; margin-left: auto }
button { font: inherit; font-size: .9em; font-weight: 600; min-height: 2rem; padding: .25rem .75rem; border-radius: 8px;
  border: 1px solid ${colour('muted')}; background: transparent; color: ${colour('text')}; cursor: pointer }
button.retry { background: ${colour('accent')}; border-color: ${colour('accent')}; color: ${colour('on-accent')} }
button[aria-pressed="true"] { border-color: ${colour('live')}; color: ${colour('live')} }
button:focus-visible { outline: 3px solid ${colour('accent')}; outline-offset: 2px }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
@container (max-width: 24rem) { .facts:empty { display: none } }
@container (max-width: 15rem) { .veil { font-size: .8125em; padding: .5rem } }
@media (prefers-reduced-motion: no-preference) {
  :host(:is([data-state="connecting"], [data-state="waiting"], [data-state="offered"])) .veil {
    animation: breathe 1.6s ease-in-out infinite }
}
@keyframes breathe { 50% { opacity: .7 } }
@media (forced-colors: active) { .state, .tile { border-color: CanvasText } }
`;

const publisherCss = `
.watch { position: absolute; left: .75rem; top: .75rem; margin: 0; padding: .35rem .8rem; border-radius: 99px;
  font-size: .9375em; font-weight: 650; background: ${colour('panel')}; color: ${colour('muted')};
  border: 1px solid ${colour('line')} }
.watch:empty { display: none }
:host([data-state="watched"]) .watch { background: ${colour('live')}; border-color: ${colour('live')};
  color: ${colour('on-accent')} }
:host([data-state="watched"]) .watch::before { content: "\\25cf  " }
:host([data-state="watched"]) .state { color: ${colour('live')} }
:host(:is([data-state="interrupted"], [data-state="off-retrying"])) .state { color: ${colour('warn')} }
:host([data-state="off-final"]) .state { color: ${colour('stop')} }
.devices { order: 5; flex: 1 0 100%; display: flex; flex-wrap: wrap; align-items: center; gap: .4rem .75rem;
  font-size: .9em }
.devices label { color: ${colour('muted')} }
select { font: inherit; min-width: 0; max-width: 100%; min-height: 2.25rem; padding: .25rem .5rem; border-radius: 8px;
  border: 1px solid ${colour('muted')}; background: ${colour('panel')}; color: ${colour('text')} }
select:focus-visible { outline: 3px solid ${colour('accent')}; outline-offset: 2px }
.acts button { min-height: 2.75rem }
button[aria-pressed="true"] { background: ${colour('text')}; border-color: ${colour('text')}; color: ${colour('panel')} }
button.start { background: ${colour('accent')}; border-color: ${colour('accent')}; color: ${colour('on-accent')} }
@container (max-width: 30rem) { .acts { flex: 1 0 100%; margin: 0 } .acts button { flex: 1 } }
@media (prefers-reduced-motion: no-preference) {
  :host(:is([data-state="opening"], [data-state="connecting"])) .veil { animation: breathe 1.6s ease-in-out infinite }
}
@media (forced-colors: active) { .watch { border-color: CanvasText } }
`;

const wallCss = `
:host { display: block; container-type: inline-size; color: ${colour('text')};
  font: 1rem/1.4 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif }
:host([hidden]), [hidden] { display: none !important }
.grid { display: grid; gap: .75rem; grid-template-columns: minmax(0, 1fr); align-content: start }
.grid:focus-visible { outline: 3px solid ${colour('accent')}; outline-offset: 2px }
.note { margin: 0; padding: .75rem 1rem; border-radius: 12px; background: ${colour('panel')}; color: ${colour('text')} }
.note:empty { display: none }
@container (min-width: 40rem) {
  .grid[data-columns="2"] { grid-template-columns: repeat(2, minmax(0, 1fr)) }
  .grid[data-columns="3"] { grid-template-columns: repeat(3, minmax(0, 1fr)) }
}
`;

let viewer: CSSStyleSheet | null = null;
let wall: CSSStyleSheet | null = null;
let publisher: CSSStyleSheet | null = null;

export const viewerSheet = (): CSSStyleSheet => {
  viewer ??= makeSheet(viewerCss);
  return viewer;
};

export const publisherSheet = (): CSSStyleSheet => {
  publisher ??= makeSheet(viewerCss + publisherCss);
  return publisher;
};

export const wallSheet = (): CSSStyleSheet => {
  wall ??= makeSheet(wallCss);
  return wall;
};
