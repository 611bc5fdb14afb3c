/** A narrative's words without its markup, line by line. */

/** What begins and ends a line. */
const BLOCKS: ReadonlySet<string> = new Set(
  "address blockquote br caption dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre table tbody tfoot tr ul".split(
    " ",
  ),
);

/** What is between them is not said of the person: the heads of columns, and what R4 allows in no narrative. */
const SILENT: ReadonlySet<string> = new Set(["head", "script", "style", "thead", "title"]);

// A tag's parts begin each with characters of their own and hold no other tag's `<`: a text is read once, whatever is in it.
const TOKEN =
  /<!--[^]*?(?:-->|$)|<(\/?)([a-zA-Z][\w:.-]*)(?=[\s/>])((?:"[^"<]*"|'[^'<]*'|[^<>"'])*)>|&(#?\w{1,32});|[^<&]+|[<&]/g;

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
};

const LAST_CODE_POINT = 0x10ffff;

/** An entity as the character that it is; one that is none stays as it was sent. */
const character = (name: string, asSent: string): string => {
  const [, hex, decimal] = /^#(?:x([\da-f]+)|(\d+))$/i.exec(name) ?? [];
  if (!hex && !decimal) return Object.hasOwn(ENTITIES, name) ? (ENTITIES[name] as string) : asSent;
  const code = hex ? parseInt(hex, 16) : Number(decimal);
  // A database can hold no NUL, and FHIR's strings no other control character either.
  if (code > LAST_CODE_POINT || (code >= 0xd800 && code <= 0xdfff)) return asSent;
  return code < 0x20 ? " " : String.fromCodePoint(code);
};

/**
 * The lines of XHTML: one for each item, paragraph or row, the cells of a row with a comma between them.
 *
 * The words are plain text, and no markup to anybody who reads them: tags go first, and what entities spell stays words.
 */
export const linesOf = (xhtml: string): string[] => {
  const lines: string[] = [];
  let line = "";
  let silence: string[] = [];
  const end = () => {
    const words = line.replaceAll(/\s+/g, " ").replaceAll(/^[ ,]+|[ ,]+$/g, "");
    if (words !== "") lines.push(words);
    line = "";
  };
  for (const [text, closes, tag, attributes = "", entity] of xhtml.matchAll(TOKEN)) {
    const name = tag?.toLowerCase();
    if (name && SILENT.has(name) && !attributes.endsWith("/"))
      silence = closes ? silence.slice(0, silence.lastIndexOf(name)) : [...silence, name];
    else if (silence.length > 0 || text.startsWith("<!--")) continue;
    else if (name && BLOCKS.has(name)) end();
    else if (name === "td" || name === "th") line += closes && line.trim() !== "" ? ", " : "";
    else if (!name) line += entity ? character(entity, text) : text;
  }
  end();
  return lines;
};
