import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** The schema that dynoxide 1.2 writes. It opens newer ones too, as if they were its own. */
const SCHEMA = 9;

const schemaOf = (file: string): unknown => {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database.prepare("SELECT value FROM _config WHERE key = 'schema_version'").get()?.value;
  } finally {
    database.close();
  }
};

/** Throws an `Error` where a file is no database of dynoxide, or one of a newer version. An absent or empty one is made anew. */
export const checkDatabase = (file: string): void => {
  if (!existsSync(file) || (statSync(file).isFile() && statSync(file).size === 0)) return;
  let schema: unknown;
  try {
    schema = schemaOf(file);
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `${file} should hold the tables and cannot be read (${found}): restore it from a copy, or remove the data folder to begin anew`,
      { cause }
    );
  }
  if (Number(schema) <= SCHEMA) return;
  throw new Error(
    `${file} has the schema ${schema}, this version knows ${SCHEMA} at most: ` +
      'start the version of Writ that wrote it, or use another data folder'
  );
};
