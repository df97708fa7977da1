/*
 * Little-endian throughout: "WRITC", version, flags 0, 0 · rows u32 · length of the labels u32 · temperature f64 ·
 * threshold f64 · labels as JSON · biases f32 each · gaps between buckets as varints · rarity u8 · exponent i8 ·
 * weights i8, row by row.
 */
export const MAGIC = [0x57, 0x52, 0x49, 0x54, 0x43, 1, 0, 0] as const;
export const HEADER_BYTES = 32;

/** How many labels a model may have. */
export const LABEL_LIMIT = 300;
