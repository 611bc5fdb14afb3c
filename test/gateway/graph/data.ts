/**
 * What the made-up graph knows. Every subgraph reads these records, and so does the monolith.
 *
 * Two things are done on purpose. An `Error` in the place of a value is thrown by whoever reads it, as graphql-js does.
 * And some references lead nowhere: to `p-gone`, `N-gone`, `v-gone` and `a-gone`, whom nobody has a record of.
 */

const broken = (what: string) => new Error(`${what} cannot be read`);

/** Wren is whole; Ivo has no number; Tilda's diagnosis cannot be read; Bram has no badge, and must have one. */
export const people = [
  {
    __typename: "Person",
    id: "p-1",
    number: "N-1",
    name: "Wren Aldous",
    nickname: "gout",
    born: "1950-02-11",
    town: "Ashby",
    languages: ["en", "cy", "fr"],
    phone: "555-0101",
    badge: "blue",
    diagnosis: "asthma",
    consent: "REFUSED",
    agencyId: "a-1",
    serviceId: "s-1",
    friendIds: [["p-2", null], null, ["p-4"]],
    eventIds: ["v-1", "y-1", "v-2"],
    recordIds: ["n-1", "v-1", null, "n-2"],
  },
  {
    __typename: "Person",
    id: "p-2",
    number: null,
    name: "Ivo Marsh",
    nickname: "asthma",
    born: "1981-10-02",
    town: null,
    languages: [],
    phone: "555-0102",
    badge: "green",
    diagnosis: "gout",
    consent: "GRANTED",
    agencyId: null,
    serviceId: "s-2",
    friendIds: null,
    eventIds: ["v-3"],
    recordIds: ["v-gone"],
  },
  {
    __typename: "Person",
    id: "p-3",
    number: "N-3",
    name: "Tilda Quill",
    nickname: null,
    born: null,
    town: "Brook",
    languages: ["en"],
    phone: null,
    badge: "red",
    diagnosis: broken("the diagnosis"),
    consent: null,
    agencyId: null,
    serviceId: "s-3",
    friendIds: [["p-1"], []],
    eventIds: [],
    recordIds: ["n-3"],
  },
  {
    __typename: "Person",
    id: "p-4",
    number: "N-4",
    name: "Bram Oakes",
    nickname: "GRANTED",
    born: "2001-01-31",
    town: "Ashby",
    languages: ["en", "de"],
    phone: broken("the telephone number"),
    badge: null,
    diagnosis: null,
    consent: "GRANTED",
    agencyId: "a-3",
    serviceId: null,
    friendIds: [["p-1", "p-3"], ["p-2"]],
    eventIds: ["y-2", "y-3"],
    recordIds: ["d-1", "n-1"],
  },
];

/** The fourth is of a kind that clients may not know of. */
export const agencies = [
  {
    __typename: "Agency",
    id: "a-1",
    region: "east",
    name: "Ashby Clinic",
    kind: "CLINIC",
    town: "Ashby",
    parentId: null,
  },
  {
    __typename: "Agency",
    id: "a-1",
    region: "west",
    name: "Brook Clinic",
    kind: "CLINIC",
    town: "Brook",
    parentId: "a-1",
  },
  {
    __typename: "Agency",
    id: "a-2",
    region: "east",
    name: "Brook Shelter",
    kind: "SHELTER",
    town: null,
    parentId: "a-3",
  },
  {
    __typename: "Agency",
    id: "a-3",
    region: "east",
    name: "Fire Drill",
    kind: "DRILL",
    town: "Ashby",
    parentId: null,
  },
];

/** The reason of the second cannot be read; the fourth is of a person whom nobody knows. */
export const visits = [
  {
    __typename: "Visit",
    id: "v-1",
    day: "2025-03-03",
    town: "Ashby",
    hours: 2,
    reason: "a check of her breath",
    personId: "p-1",
    agency: { id: "a-1", region: "east" },
    previousId: null,
    rooms: [["r-1", null], []],
  },
  {
    __typename: "Visit",
    id: "v-2",
    day: "2025-03-04",
    town: "Brook",
    hours: 5,
    reason: broken("the reason"),
    personId: "p-1",
    agency: { id: "a-1", region: "west" },
    previousId: "v-1",
    rooms: [["r-2"], ["r-1", "r-3"]],
  },
  {
    __typename: "Visit",
    id: "v-3",
    day: "2025-03-05",
    town: "Ashby",
    hours: 1,
    reason: null,
    personId: "p-2",
    agency: null,
    previousId: "v-2",
    rooms: [],
  },
  {
    __typename: "Visit",
    id: "v-4",
    day: "2025-03-06",
    town: "Ashby",
    hours: 0,
    reason: "nobody came",
    personId: "p-gone",
    agency: { id: "a-2", region: "east" },
    previousId: "v-3",
    rooms: [["r-3"]],
  },
];

/** The second has a hole in its beds; the third has no name, and must have one. */
export const rooms = [
  { id: "r-1", name: "Birch", beds: [[1, 2], null, []], keeper: { id: "a-1", region: "west" } },
  { id: "r-2", name: "Cedar", beds: [[1, null], [3]], keeper: { id: "a-gone", region: null } },
  { id: "r-3", name: broken("the name"), beds: [[4]], keeper: null },
];

/** The second is of a person whom nobody knows. */
export const stays = [
  {
    __typename: "Stay",
    ref: "y-1",
    bed: "B1",
    since: "2025-03-10",
    nights: 3,
    town: "Ashby",
    number: "N-1",
    serviceId: "s-1",
  },
  {
    __typename: "Stay",
    ref: "y-2",
    bed: "B2",
    since: null,
    nights: null,
    town: null,
    number: "N-gone",
    serviceId: "s-2",
  },
  {
    __typename: "Stay",
    ref: "y-3",
    bed: "B3",
    since: "2025-04-01",
    nights: 12,
    town: "Brook",
    number: "N-4",
    serviceId: null,
  },
];

/** The third has no text, and must have one. */
export const notes = [
  { __typename: "Note", id: "n-1", text: "slept well", authorId: "p-2", aboutId: "v-1" },
  { __typename: "Note", id: "n-2", text: "asked for a lift", authorId: "p-gone", aboutId: "n-1" },
  { __typename: "Note", id: "n-3", text: null, authorId: null, aboutId: "d-1" },
];

/** What clients may not know of: no type of theirs has it. */
export const drafts = [{ __typename: "Draft", id: "d-1", text: "not to be shown" }];

export const charts = [
  {
    __typename: "Chart",
    owner: { __typename: "Person", id: "p-1" },
    opened: "2024-12-24",
    noteIds: ["n-1", "n-2"],
    latestId: "n-2",
  },
  {
    __typename: "Chart",
    owner: { __typename: "Person", id: "p-3" },
    opened: null,
    noteIds: ["n-3"],
    latestId: "v-gone",
  },
  {
    __typename: "Chart",
    owner: { __typename: "Person", id: "p-4" },
    opened: "2025-01-01",
    noteIds: [],
    latestId: null,
  },
];

/** The methods of the third have a hole in them; the lead of the second cannot be read. */
export const services = [
  {
    __typename: "Housing",
    id: "s-1",
    name: "Elm House",
    agency: { id: "a-2", region: "east" },
    places: 12,
    beds: 10,
    rules: ["no smoke", null],
  },
  {
    __typename: "Treatment",
    id: "s-2",
    name: "Talking Cure",
    agency: { id: "a-1", region: "west" },
    places: null,
    methods: ["talk", "walk"],
    lead: broken("the lead"),
  },
  {
    __typename: "Treatment",
    id: "s-3",
    name: "Night Clinic",
    agency: { id: "a-gone", region: "east" },
    places: 3,
    methods: ["sleep", null],
    lead: people[0],
  },
  { __typename: "Transport", id: "s-4", name: "Lift", agency: null, places: 4, seats: [[2], [2]] },
];

export const reviews = [
  { stars: 4, words: "kind", byId: "p-1", serviceId: "s-1" },
  { stars: 1, words: null, byId: "p-gone", serviceId: "s-1" },
  { stars: 5, words: "patient", byId: "p-3", serviceId: "s-2" },
];

/** The one of a list whose key is this value. */
export const by = <Thing extends object, Key extends keyof Thing>(
  list: Thing[],
  key: Key,
  value: unknown,
): Thing | null => list.find((it) => value !== null && it[key] === value) ?? null;

/** A person by id; where there is none, what the reference itself says. */
export const personOf = (id: string | null | undefined): object | null =>
  id == null ? null : (by(people, "id", id) ?? { __typename: "Person", id });

/** A person by number; where there is none, what the reference itself says. */
export const personNumbered = (number: string | null | undefined): object | null =>
  number == null ? null : (by(people, "number", number) ?? { __typename: "Person", number });

/** An agency by both parts of its key. */
export const findAgency = ({ id, region }: { id?: string; region?: string | null }) =>
  agencies.find((it) => it.id === id && it.region === region) ?? null;

/** An agency by a reference; where there is none, what the reference itself says. */
export const agencyOf = (reference: { id: string; region: string | null } | null): object | null =>
  reference && (findAgency(reference) ?? { __typename: "Agency", ...reference });

/** Anything that happened, by its id. */
export const eventOf = (id: string | null): object | null => {
  if (id === null) return null;
  const found =
    by(visits, "id", id) ?? by(stays, "ref", id) ?? by(notes, "id", id) ?? by(drafts, "id", id);
  return found ?? { __typename: "Visit", id };
};
