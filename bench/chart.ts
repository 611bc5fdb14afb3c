import { shown } from "./results.ts";
import type { Measured, Results } from "./results.ts";

const WIDTH = 880;
const MARGIN = 20;
const LABELS = 270;
const BARS = 340;
const BAR = 16;
const LINE = 24;
const BETWEEN_GROUPS = 10;
const HEAD = 56;
const TITLE = 30;

const STYLE = `
    text { fill: #1f2933; }
    .page { fill: #ffffff; }
    .title { font-weight: 600; }
    .quiet { fill: #52606d; font-size: 12px; }
    .other { fill: #9fb3c8; }
    .ours { fill: #2b6cb0; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .page { fill: #0d1117; }
      .quiet { fill: #9aa5b1; }
      .other { fill: #52606d; }
      .ours { fill: #63a4e8; }
    }`;

/** One operation's bars, from `top` down, and where they end. */
const panel = (
  { operation, answerBytes, rows }: Measured,
  top: number,
): { svg: string[]; bottom: number } => {
  const most = Math.max(...rows.map(({ figures }) => figures.requestsPerSecond));
  const svg = [
    `<text class="title" x="${MARGIN}" y="${top + 16}">${operation}</text>`,
    `<text class="quiet" x="${MARGIN + LABELS}" y="${top + 16}">${shown(answerBytes)} bytes</text>`,
  ];
  let y = top + TITLE;
  for (const [index, { row, figures }] of rows.entries()) {
    if (index > 0 && rows[index - 1]?.row.on !== row.on) y += BETWEEN_GROUPS;
    const length = Math.max(1, Math.round((figures.requestsPerSecond / most) * BARS));
    const whose = row.name.startsWith("ours") ? "ours" : "other";
    svg.push(
      `<text x="${MARGIN}" y="${y + 13}">${row.name}</text>`,
      `<rect class="${whose}" x="${MARGIN + LABELS}" y="${y}" width="${length}" height="${BAR}" rx="2"/>`,
      `<text x="${MARGIN + LABELS + length + 8}" y="${y + 13}">${shown(figures.requestsPerSecond)}/s` +
        `<tspan class="quiet" dx="8">${shown(figures.cpuMs)} ms CPU, p99 ${shown(figures.p99Ms)} ms</tspan></text>`,
    );
    y += LINE;
  }
  return { svg, bottom: y + LINE };
};

/** Requests a second of every row, an operation below the other, as SVG. */
export const chart = ({ on, how, operations }: Results): string => {
  let top = HEAD + MARGIN;
  const panels = operations.flatMap((measured) => {
    const { svg, bottom } = panel(measured, top);
    top = bottom;
    return svg;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" role="img" aria-labelledby="t d" font-family="system-ui, sans-serif" font-size="14">`,
    `<title id="t">Requests a second</title>`,
    `<desc id="d">A bar for each row and operation; README.md has the same figures as tables.</desc>`,
    `<style>${STYLE}\n  </style>`,
    `<rect class="page" width="${WIDTH}" height="${top}"/>`,
    `<text class="title" x="${MARGIN}" y="32" font-size="18">Requests a second</text>`,
    `<text class="quiet" x="${MARGIN}" y="54">${on}: ${how}; longer is better</text>`,
    ...panels,
    "</svg>\n",
  ].join("\n  ");
};
