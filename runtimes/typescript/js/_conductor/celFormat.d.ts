/**
 * CEL's `template.format(args)`: the clauses `%s %d %f %e %b %o %x %X`.
 *
 * It deliberately knows no locale.
 */
/** A decimal among the arguments: as it is only text, whoever knows its type says so. */
export declare class DecimalArgument {
  readonly text: string;
  constructor(of: string);
}
/** The template with its clauses filled in. */
export declare function format(
  template: string,
  args: readonly unknown[],
): string;
