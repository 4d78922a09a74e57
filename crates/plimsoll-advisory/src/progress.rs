/// Is told what `Database::build` and `Database::update` are doing; it may be called from several
/// threads at once. Every method does nothing unless it is overridden, and `()` is a silent one.
pub trait Progress: Sync {
    /// Bytes of a file that is being fetched have arrived; `total` where the server says it.
    fn fetching(&self, file: &str, received: u64, total: Option<u64>) {
        let _ = (file, received, total);
    }

    /// Somebody else is at work, who is waited for: `another update`.
    fn waiting(&self, whom: &str) {
        let _ = whom;
    }

    /// A fetch ended; `changed` is false where the cached file was still the newest.
    fn fetched(&self, file: &str, changed: bool) {
        let _ = (file, changed);
    }

    /// A feed file of `size` bytes is about to be read.
    fn reading(&self, file: &str, size: u64) {
        let _ = (file, size);
    }

    /// A feed file was read and gave so many records.
    fn read(&self, file: &str, records: u64) {
        let _ = (file, records);
    }

    /// Everything is read; the database file is being written.
    fn writing(&self) {}
}

impl Progress for () {}
