"""Problems to train and measure on, and texts to pretrain on."""
