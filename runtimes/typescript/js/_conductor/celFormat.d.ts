/**
 * CEL's `template.format(args)`: the clauses `%s %d %f %e %b %o %x %X`.
 *
 * It deliberately knows no locale.
 */
/** Says of an argument that it is a decimal. */
export declare function decimal(of: string): unknown;
/** Says of an argument that it is a float. */
export declare function float(of: number): unknown;
/** The template with its clauses filled in. */
export declare function format(
  template: string,
  args: readonly unknown[],
): string;
