;; Offers a function in the place of its start function, as metering exports it.
;; expect: build reserved_name
(module
  (memory (export "memory") 1)
  (func (export "$tenon.start"))
  (func (export "_start")))
