/** Says on standard error what is going on: one line of a terminal that is written over, or a line for each thing. */
export const progress = (text: string): void => {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
};
