;; Says that it can not go on.
;; expect: run trap
(module
  (memory (export "memory") 1)
  (func (export "_start")
    unreachable))
