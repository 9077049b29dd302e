/** How a host call ended the run. Only the host writes it, so a guest can't pretend any of these. */
export type GuestEnding =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'output_too_large'; readonly bytes: number }
  | { readonly kind: 'capability_denied'; readonly what: string }
  | { readonly kind: 'memory_limit'; readonly bytes: number }
  | { readonly kind: 'invalid_output'; readonly why: string }
  | { readonly kind: 'invalid_input'; readonly why: string };
