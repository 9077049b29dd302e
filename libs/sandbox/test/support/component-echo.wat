;; `run: func(input: string) -> result<string, string>`, which answers with its input.
(component
  (core module $guest
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $block i32)
      (local.set $block (global.get $next))
      (global.set $next (i32.add (global.get $next) (i32.add (local.get 3) (i32.const 16))))
      (local.get $block))
    (func (export "run") (param $at i32) (param $length i32) (result i32)
      (i32.store (i32.const 0) (i32.const 0))
      (i32.store (i32.const 4) (local.get $at))
      (i32.store (i32.const 8) (local.get $length))
      (i32.const 0)))
  (core instance $instance (instantiate $guest))
  (alias core export $instance "memory" (core memory $memory))
  (alias core export $instance "cabi_realloc" (core func $realloc))
  (func (export "run") (param "input" string) (result (result string (error string)))
    (canon lift (core func $instance "run") (memory $memory) (realloc $realloc) string-encoding=utf8)))
