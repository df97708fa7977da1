declare module 'asl-validator' {
  /** Adds to the definition it is given: hand it a copy. */
  const validate: (
    definition: unknown,
    options?: { readonly checkArn?: boolean; readonly checkPaths?: boolean }
  ) => { readonly isValid: boolean; readonly errors: readonly unknown[] };
  export = validate;
}
