/*
 * Little-endian throughout: "WRITC", version, 1 where there is a class for what is out of scope or else 0, 0 · rows u32 ·
 * length of the labels u32 · temperature f64 · threshold f64 · labels as JSON · the scope's three numbers f64 each, where
 * there is such a class · biases f32 each · gaps between buckets as varints · rarity u8 · exponent i8 · per row, how many
 * weights it has as a varint · the weights, row by row: five bits of weight, above them three bits of the gap between its
 * class and the one before; a gap of seven or more is seven there, and the rest follows as a varint.
 */
export const MAGIC = [0x57, 0x52, 0x49, 0x54, 0x43, 2] as const;
export const HEADER_BYTES = 32;

/** Where the header says whether there is a class for what is out of scope. */
export const SCOPE_AT = 6;

/** How many labels a model may have. */
export const LABEL_LIMIT = 300;

/** A weight's byte: its gap above, its whole number below. */
export const GAP_SHIFT = 5;
export const GAP_MORE = 7;
