;; Offers a global of its own in the place of the counter that the host reads.
;; expect: build reserved_name
(module
  (memory (export "memory") 1)
  (global (export "$tenon.fuel") (mut i64) (i64.const 1000000000))
  (func (export "_start")))
