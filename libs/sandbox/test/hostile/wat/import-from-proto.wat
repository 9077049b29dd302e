;; A module by that name.
;; expect: build unknown_import
(module
  (import "__proto__" "constructor" (func))
  (memory (export "memory") 1)
  (func (export "_start")
    nop))
