;; Wants an argument that nobody gives.
;; expect: build export_type_mismatch
(module
  (memory (export "memory") 1)
  (func (export "_start") (param i32)))
