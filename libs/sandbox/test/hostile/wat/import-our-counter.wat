;; Asks for the counter of its instructions, to write into it.
;; expect: build reserved_name
(module
  (import "$tenon" "fuel" (global $fuel (mut i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (global.set $fuel (i64.const 1000000000))))
