/** An accounting of disclosures to hand over: as a document of its own, and as a page to print. */
import { description, isPart2, isRequired, purposeStatement } from "./accounting.ts";
import type { Disclosure } from "./accounting.ts";

/** An agency as a reader knows it. */
interface Named {
  id: string;
  /** Null when it is not on the roll any more. */
  name: string | null;
}

/** One line of it: what 45 CFR 164.528(b)(2) asks for. Addresses of agencies are not kept here. */
interface Line {
  at: string;
  recipient: Named;
  description: string;
  purpose: string;
  /** Must be listed under 45 CFR 164.528; the others are listed all the same. */
  isRequired: boolean;
  /** Of records under 42 CFR part 2. */
  isPart2: boolean;
}

/** The accounting of one agency's disclosures about one person. */
export interface AccountingDocument {
  person: string;
  source: Named;
  madeAt: string;
  from: string;
  to: string;
  /** Of disclosures before this instant nothing is known any more; null when nothing was destroyed. */
  destroyedBefore: string | null;
  /** The latest first. */
  disclosures: Line[];
}

/** What a document is made of. */
export interface Accounted {
  person: string;
  source: string;
  madeAt: Date;
  from: Date;
  to: Date;
  destroyedBefore: Date | null;
  disclosures: readonly Disclosure[];
  /** Names of agencies, by id. */
  names: ReadonlyMap<string, string>;
}

export const accountingDocument = (accounted: Accounted): AccountingDocument => {
  const named = (id: string): Named => ({ id, name: accounted.names.get(id) ?? null });
  return {
    person: accounted.person,
    source: named(accounted.source),
    madeAt: accounted.madeAt.toISOString(),
    from: accounted.from.toISOString(),
    to: accounted.to.toISOString(),
    destroyedBefore: accounted.destroyedBefore?.toISOString() ?? null,
    disclosures: accounted.disclosures.map((disclosure) => ({
      at: disclosure.at.toISOString(),
      recipient: named(disclosure.recipient.id),
      description: description(disclosure),
      purpose: purposeStatement(disclosure),
      isRequired: isRequired(disclosure),
      isPart2: isPart2(disclosure),
    })),
  };
};

const ESCAPES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const text = (value: string): string => value.replace(/[&<>"']/g, (it) => ESCAPES[it] as string);

const DATE = new Intl.DateTimeFormat("en-US", {
  dateStyle: "long",
  timeStyle: "short",
  timeZone: "UTC",
});
const time = (instant: string): string =>
  `<time datetime="${text(instant)}">${text(DATE.format(new Date(instant)))} UTC</time>`;

const agency = ({ id, name }: Named): string => text(name ?? id);

const row = (line: Line): string => `      <tr>
        <th scope="row">${time(line.at)}</th>
        <td>${agency(line.recipient)}</td>
        <td>${text(line.description)}</td>
        <td>${text(line.purpose)}</td>
        <td>${text([line.isRequired && "45 CFR 164.528", line.isPart2 && "42 CFR 2.24, 2.25"].filter(Boolean).join("; "))}</td>
      </tr>`;

const table = (lines: readonly Line[]): string => `  <table>
    <caption>Disclosures, the latest first</caption>
    <thead>
      <tr>
        <th scope="col">Date and time</th>
        <th scope="col">Given to</th>
        <th scope="col">What was given</th>
        <th scope="col">What for</th>
        <th scope="col">Must be listed under</th>
      </tr>
    </thead>
    <tbody>
${lines.map(row).join("\n")}
    </tbody>
  </table>`;

/** A page of the document, for a printer and for a screen reader: no script, nothing from elsewhere. */
export const accountingPage = (accounting: AccountingDocument): string => `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Accounting of disclosures, ${agency(accounting.source)}</title>
  <style>
    body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; color: #111; background: #fff; }
    table { border-collapse: collapse; width: 100%; }
    caption { text-align: left; font-weight: bold; padding: 0.5rem 0; }
    th, td { border: 1px solid #555; padding: 0.4rem 0.6rem; text-align: left; vertical-align: top; }
    tbody th { font-weight: normal; }
    @media print {
      body { margin: 0; max-width: none; font-size: 10pt; }
      thead { display: table-header-group; }
      tr { break-inside: avoid; }
    }
  </style>
</head>
<body>
<main>
  <h1>Accounting of disclosures</h1>
  <p>What ${agency(accounting.source)} has disclosed to other agencies about the person with the id ${text(accounting.person)},
    from ${time(accounting.from)} to ${time(accounting.to)}. Made on ${time(accounting.madeAt)}.</p>
${accounting.destroyedBefore ? `  <p>What was known of disclosures before ${time(accounting.destroyedBefore)} has been destroyed, as it may be after six years.</p>\n` : ""}${accounting.disclosures.length > 0 ? table(accounting.disclosures) : "  <p>No disclosures.</p>"}
</main>
</body>
</html>
`;
